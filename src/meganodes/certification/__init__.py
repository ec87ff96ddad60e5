"""Proof for operators: the cases a backend must pass before it meets real money."""
