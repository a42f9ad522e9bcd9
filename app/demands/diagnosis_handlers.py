"""What the worker runs before and during a posting: limits are told, files close."""

from typing import Final

from app.demands.service.deciding import MENDING_DUE, tell_mending_due
from app.demands.service.diagnosing import OPINIONS_DUE, tell_opinions_due
from app.demands.service.questions import QUESTIONS_DUE, tell_questions_due
from app.demands.service.restricted_files import close_files
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler

TELLING: Final[dict[str, TimerHandler]] = {
    OPINIONS_DUE: tell_opinions_due,
    MENDING_DUE: tell_mending_due,
    QUESTIONS_DUE: tell_questions_due,
}

CLOSING: Final = Reaction(
    "demands.restricted_files",
    frozenset({"demand.closed", "demand.withdrawn"}),
    close_files,
    batch=1,  # it takes the demand's lock
)
