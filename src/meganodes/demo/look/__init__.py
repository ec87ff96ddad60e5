"""What the pages of the toys have in common: their style, their files, their headers."""
