"""What the worker runs for valuations."""

from typing import Final

from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler

TIMERS: Final[dict[str, TimerHandler]] = {}

REACTIONS: Final[tuple[Reaction, ...]] = ()
