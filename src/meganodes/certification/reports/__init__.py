"""Reports of a run: for a terminal, for build servers, and for whoever wants to read them."""
