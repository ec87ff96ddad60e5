"""The door for players' browsers: launch links and round pages."""
