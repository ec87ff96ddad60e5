"""The address book: agents, users, providers, games, sessions and people."""
