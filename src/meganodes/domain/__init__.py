"""The rules of money movements, pure: no input or output, no clock, no event loop."""
