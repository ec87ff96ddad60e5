"""Backends that are wrong on purpose, one real mistake each: the proof that certification sees."""
