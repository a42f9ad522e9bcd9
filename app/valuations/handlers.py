"""What the worker runs for valuations."""

from typing import Final

from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.valuations.service.comparing import EVENTS, keep_sale
from app.valuations.service.evaluating import TIMER as EVALUATION_DUE
from app.valuations.service.evaluating_scores import evaluation_due

TIMERS: Final[dict[str, TimerHandler]] = {EVALUATION_DUE: evaluation_due}

REACTIONS: Final[tuple[Reaction, ...]] = (Reaction("valuations.comparables", EVENTS, keep_sale),)
