"""What the worker runs for matching: due timers, and deals to be credited to results."""

from collections.abc import Mapping
from typing import Final

from app.matching.service.brokering import IDLE, lapse
from app.matching.service.crediting import SIGNED, credit_deal
from app.matching.service.pushing import deliver_due
from app.matching.service.subscribing import DELIVER
from app.matching.service.weighting import REMATCH, rematch
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler

TIMERS: Final[Mapping[str, TimerHandler]] = {DELIVER: deliver_due, REMATCH: rematch, IDLE: lapse}

REACTIONS: Final[tuple[Reaction, ...]] = (Reaction("matching.credit_deal", SIGNED, credit_deal),)
