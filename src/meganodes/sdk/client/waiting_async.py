"""The same wait for an event loop, apart from it: `asyncio` is slow to import."""

from __future__ import annotations

import asyncio
from typing import Final

sleep: Final = asyncio.sleep
