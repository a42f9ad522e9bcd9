"""JSON forms of domain values: one each, and none for what is not exact."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from app.shared.jsonable import jsonable
from app.shared.money import Money


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Lot:
    price: Money
    closes_at: datetime


BEIJING = timezone(timedelta(hours=8))
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=BEIJING)
CASES: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (7, 7),
    (Colour.RED, "red"),
    (Money(1230), {"amount": "12.30", "currency": "CNY"}),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Decimal("0.3743"), "0.3743"),
    (NINE, "2026-03-02T01:00:00+00:00"),
    (date(2026, 3, 2), "2026-03-02"),
    (timedelta(days=1), 86_400),
    ({Colour.RED: {3, 1, 2}}, {"red": [1, 2, 3]}),
    ((1, [Colour.RED]), [1, ["red"]]),
    (
        Lot(Money(5, "JPY"), NINE),
        {
            "price": {"amount": "5", "currency": "JPY"},
            "closes_at": "2026-03-02T01:00:00+00:00",
        },
    ),
]


@pytest.mark.parametrize(("value", "form"), CASES)
def test_each_kind_has_one_form(value: Any, form: Any) -> None:
    result = jsonable(value)
    assert result == form
    assert type(result) is type(form)


def test_form_of_a_form_is_itself() -> None:
    for value, _ in CASES:
        assert jsonable(jsonable(value)) == jsonable(value)


# SH7
@pytest.mark.parametrize(
    "value",
    [1.5, [0.0], {"a": 2.0}, b"x", object(), datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None)],
)
def test_inexact_and_unknown_kinds_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        jsonable(value)
