"""What the Makefile does beyond one line; standard library only, run by the system's Python."""
