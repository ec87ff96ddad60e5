"""One package for each supplier's dialect; they do not know each other."""
