"""What the worker runs before and during a posting: limits that pass are told."""

from typing import Final

from app.demands.service.deciding import MENDING_DUE, tell_mending_due
from app.demands.service.diagnosing import OPINIONS_DUE, tell_opinions_due
from app.demands.service.questions import QUESTIONS_DUE, tell_questions_due
from app.platform.timers import TimerHandler

TELLING: Final[dict[str, TimerHandler]] = {
    OPINIONS_DUE: tell_opinions_due,
    MENDING_DUE: tell_mending_due,
    QUESTIONS_DUE: tell_questions_due,
}
