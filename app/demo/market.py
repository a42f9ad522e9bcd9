"""The demo market's data, as shipped, and who signs in for whom."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.platform.access import Role

CODE: Final = "zhejiang-demo"
PASSWORD: Final = "zhepai-demo-2026"
STARTS_AT: Final = "2025-01-02T09:00:00+08:00"  # inside the calendar for many repeated demos

_DATA = Path(__file__).parent / "data"


def records(name: str) -> list[dict[str, Any]]:
    """Return the records of one data file: parties, achievements or demands."""
    found: list[dict[str, Any]] = json.loads((_DATA / f"{name}.json").read_text("utf-8"))
    return found


def session_plan() -> dict[str, Any]:
    """Return the plan of the demo session: 11 lots with their bids."""
    plan: dict[str, Any] = json.loads((_DATA / "session.json").read_text("utf-8"))
    return plan


def content(record: dict[str, Any], *internal: str) -> dict[str, Any]:
    """Return a record as a request body, without the keys that only this package uses."""
    return {name: value for name, value in record.items() if name not in {"key", *internal}}


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the demo market."""

    name: str
    party_key: str
    party_name: str
    role: Role


_PLAIN = {Role.OPERATOR: "operator", Role.AUDITOR: "auditor"}


def logins() -> Iterator[Login]:
    """Yield every user: one a party and role, so that none has to choose a membership."""
    for party in records("parties"):
        for number, text in enumerate(party["roles"]):
            role = Role(text)
            name = party["key"] if number == 0 else f"{party['key']}.{role.split('_')[0]}"
            yield Login(_PLAIN.get(role, name), party["key"], party["name"], role)


def login_of(party_key: str, role: Role) -> str:
    """Return the login that acts for a party in a role."""
    return next(
        login.name for login in logins() if (login.party_key, login.role) == (party_key, role)
    )
