"""MegaNodes carries bets and wins between casino backends and game providers."""
