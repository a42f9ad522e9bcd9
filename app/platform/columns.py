"""What tables of all modules share."""

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, DateTime

TIME: Final = DateTime(timezone=True)


def one_of(column: str, kinds: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that a column holds a value of an enumeration."""
    values = ", ".join(f"'{kind}'" for kind in kinds)
    return CheckConstraint(f"{column} IN ({values})", name=column)
