"""State machines as one visible table an aggregate."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from app.shared.errors import Conflict

State = TypeVar("State", bound=StrEnum)
Trigger = TypeVar("Trigger", bound=StrEnum)


class TransitionRefused(Conflict):
    """The trigger does not exist in this state."""

    code = "transition_refused"
    title_zh = "当前状态不允许此操作"
    title_en = "This act is not possible in the present state"


def advance(
    table: Mapping[tuple[State, Trigger], State], *, state: State, trigger: Trigger
) -> State:
    """Return the state that follows, the only way any aggregate changes state.

    Raises:
        TransitionRefused: The pair is not in the table; names the triggers that are.
    """
    try:
        return table[state, trigger]
    except KeyError:
        possible = sorted(str(known) for present, known in table if present == state)
        raise TransitionRefused(
            f"'{trigger}' is not possible while the state is '{state}'.",
            state=str(state),
            trigger=str(trigger),
            possible=possible,
        ) from None
