"""One module for each revision of the journal's tables."""
