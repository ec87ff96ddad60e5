"""What a store says to a caller's defect, in one word for all stores."""

from __future__ import annotations


class RowRefused(ValueError):
    """No store may hold this row or attempt: a defect of the caller. Nothing of it was written."""
