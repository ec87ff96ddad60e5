"""The reference of both APIs, made from the definitions that validate, and its page."""
