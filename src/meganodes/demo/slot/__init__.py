"""The toy slot: the game a player's browser shows, and what it asks of the studio."""
