"""The line out to the agents' backends."""
