"""What the worker runs for the price statistics."""

from typing import Final

from app.insight.service.counting import REACTION, TOLD, count_event
from app.platform.reactions import Reaction

REACTIONS: Final[tuple[Reaction, ...]] = (Reaction(REACTION, TOLD, count_event),)
