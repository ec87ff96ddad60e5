"""Long runs, in slices: ``make soak PART=nodes MINUTES=20`` (docs/reliability.md)."""
