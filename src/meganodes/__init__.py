"""MegaNodes carries bets and wins between casino backends and game providers."""

__version__ = "0.1.0"
