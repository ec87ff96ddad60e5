"""The SDK's only wait by a real clock: an operator's program has no root that would give one."""

from __future__ import annotations

import time
from typing import Final

sleep: Final = time.sleep
