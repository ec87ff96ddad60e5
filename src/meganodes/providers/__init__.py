"""The line out to providers, and the adapters that speak their protocols."""
