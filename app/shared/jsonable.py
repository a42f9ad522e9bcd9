"""Turn domain values into plain JSON values, the same way everywhere."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.shared.money import Money


def jsonable(value: Any) -> Any:  # noqa: C901 - one branch a kind of value
    """Return ``value`` as JSON: money as decimal text, times in UTC, sets sorted.

    Raises:
        TypeError: A float, a naive time or an unknown kind; none belongs into a journal.
    """
    kind = type(value)
    if kind is str or value is None or kind is int or kind is bool:  # most of all there is
        return value
    match value:
        case None | bool() | int() | str():
            return str(value) if isinstance(value, str) else value
        case Money():
            return value.as_json()
        case UUID() | Decimal():
            return str(value)
        case datetime() if value.tzinfo is None:
            raise TypeError("a time without a zone has no JSON form here")
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case timedelta():
            return int(value.total_seconds())
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted(jsonable(item) for item in value)
        case list() | tuple():
            return [jsonable(item) for item in value]
        case _ if is_dataclass(value):
            return {spec.name: jsonable(getattr(value, spec.name)) for spec in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form here")
