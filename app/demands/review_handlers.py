"""What the worker runs for reviews and their results."""

from collections.abc import Mapping
from typing import Final

from app.demands.service.announcing import NOTICE_OVER
from app.demands.service.awarding import notice_over
from app.demands.service.objecting import DECIDE_BY, remind
from app.demands.service.scoring import SCORES_DUE, scores_due
from app.demands.service.telling import TELL, tell_on
from app.platform.timers import TimerHandler

REVIEW_TIMERS: Final[Mapping[str, TimerHandler]] = {
    NOTICE_OVER: notice_over,
    DECIDE_BY: remind,
    SCORES_DUE: scores_due,
    TELL: tell_on,
}
