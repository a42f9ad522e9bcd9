"""Transition tables: a table entry or a refusal that names what is possible."""

from enum import StrEnum
from itertools import product

import pytest

from app.shared.transitions import TransitionRefused, advance


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    LOCKED = "locked"


class Act(StrEnum):
    CLOSE = "close"
    OPEN = "open"
    LOCK = "lock"


TABLE = {
    (Door.OPEN, Act.CLOSE): Door.SHUT,
    (Door.SHUT, Act.OPEN): Door.OPEN,
    (Door.SHUT, Act.LOCK): Door.LOCKED,
}


@pytest.mark.parametrize(("state", "trigger"), list(product(Door, Act)))
def test_every_pair_advances_by_the_table_or_is_refused(state: Door, trigger: Act) -> None:
    # SH5
    if (state, trigger) in TABLE:
        assert advance(TABLE, state=state, trigger=trigger) is TABLE[state, trigger]
        return
    with pytest.raises(TransitionRefused) as caught:
        advance(TABLE, state=state, trigger=trigger)
    assert caught.value.fields == {
        "state": str(state),
        "trigger": str(trigger),
        "possible": sorted(act for known, act in TABLE if known is state),
    }
