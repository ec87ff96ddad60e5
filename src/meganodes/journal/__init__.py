"""The memory: an append-only record of every transaction, attempt and cancellation."""
