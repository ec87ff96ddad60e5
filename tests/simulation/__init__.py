"""Deterministic simulation: real hub code on a virtual clock, among seeded faults."""
