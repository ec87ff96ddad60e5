"""The toy casino's lobby: see the balance, open the game, find a round again."""
