"""One module for each revision of the directory's tables."""
