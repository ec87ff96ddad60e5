"""The composition root: reads settings and wires the parts together."""
