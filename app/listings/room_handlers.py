"""What the worker runs for deal rooms: the end of the time to answer."""

from typing import Final

from app.listings.service.rooms import ANSWER_DUE, NDA_DUE, lapse
from app.platform.timers import TimerHandler

ROOM_TIMERS: Final[dict[str, TimerHandler]] = {ANSWER_DUE: lapse, NDA_DUE: lapse}
