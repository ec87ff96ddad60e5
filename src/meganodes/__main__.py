"""Lets ``python -m meganodes`` do what the command ``meganodes`` does."""

from meganodes.cli.__main__ import main

main()
