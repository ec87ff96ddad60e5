"""The door for providers' servers."""
