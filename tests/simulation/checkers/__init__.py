"""The judges: each reads the evidence alone and says what it violates."""
