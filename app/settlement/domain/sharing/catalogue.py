"""The schemes and floors that come with the exchange, read once from versioned data."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.settlement.domain.sharing.floors import Floor, Measure
from app.settlement.domain.sharing.schemes import (
    Basis,
    Scheme,
    SharingSchemeUnknown,
    scheme_from_json,
)

_DATA: Final = Path(__file__).parents[2] / "data" / "sharing_schemes.json"
UNIT_SCHEME: Final = "unit"  # the name of every unit's own scheme; its versions are numbered


@cache
def _data() -> Any:
    return json.loads(_DATA.read_text(encoding="utf-8"))


@cache
def shipped_schemes() -> tuple[Scheme, ...]:
    """Return the schemes of law and the published ones, in the data's order."""
    return tuple(scheme_from_json(told) for told in _data()["schemes"])


@cache
def shipped_floors() -> tuple[Floor, ...]:
    """Return the minima of law, the widest law first."""
    return tuple(
        Floor(
            name=told["name"],
            article=told["article"],
            basis=Basis(told["basis"]),
            measure=Measure(told["measure"]),
            minimum_bp=told["minimum_bp"],
            seller_classes=frozenset(told["seller_classes"]),
            region_prefix=told["region_prefix"],
            effective_on=date.fromisoformat(told["effective_on"]),
        )
        for told in _data()["floors"]
    )


def in_force(schemes: Iterable[Scheme], *, on: date) -> tuple[Scheme, ...]:
    """Return those in force on a day in Shanghai."""
    return tuple(scheme for scheme in schemes if scheme.effective_on <= on)


def newest(schemes: Sequence[Scheme]) -> tuple[Scheme, ...]:
    """Return of each name the version that came into force last, in the order of names."""
    by_name: dict[str, Scheme] = {}
    for scheme in schemes:
        known = by_name.get(scheme.name)
        if known is None or _age(known) < _age(scheme):
            by_name[scheme.name] = scheme
    return tuple(by_name.values())


def _age(scheme: Scheme) -> tuple[date, int]:
    return scheme.effective_on, scheme.version


def find_scheme(own: Sequence[Scheme], name: str, version: int | None, *, on: date) -> Scheme:
    """Return a scheme by name: the version named, else the newest in force.

    Args:
        own: The unit's own versions.
        on: The day on which it must be in force, in Shanghai.

    Raises:
        SharingSchemeUnknown: Names those in force as ``name@version``.

    Invariant: ST132.
    """
    usable = in_force((*shipped_schemes(), *own), on=on)
    found = [
        scheme for scheme in usable if scheme.name == name and version in {None, scheme.version}
    ]
    if not found:
        raise SharingSchemeUnknown(
            "No scheme of this name and version is in force.",
            field="scheme",
            accepted=[f"{scheme.name}@{scheme.version}" for scheme in usable],
        )
    return max(found, key=_age)
