"""What the worker runs for matching: due timers."""

from collections.abc import Mapping
from typing import Final

from app.matching.service.pushing import deliver_due
from app.matching.service.subscribing import DELIVER
from app.platform.timers import TimerHandler

TIMERS: Final[Mapping[str, TimerHandler]] = {DELIVER: deliver_due}
