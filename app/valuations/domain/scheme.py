"""Evaluation schemes 评价方案: which values, which indicators, which weights, for which results.

Schemes are data (``data/schemes/*.json``): when the standards' wording is compared, only a file
with the next version is added. An evaluation freezes the scheme that it began with.

Source: GB/T 44731-2024 and GB/T 45997-2025 for the five values and the kinds of results; what
each value looks at follows 国办发〔2021〕26号; indicators and weights are marked ``default``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from app.shared import codes
from app.shared.canonical import digest
from app.shared.errors import NotFound, RuleBroken
from app.shared.findings import Findings
from app.shared.jsonable import jsonable

WEIGHTS_BP: Final = 10_000
_DATA: Final = Path(__file__).parents[1] / "data" / "schemes"


class Value(StrEnum):
    """The five values 五元价值, in the standards' order."""

    SCIENTIFIC = "scientific"
    TECHNICAL = "technical"
    ECONOMIC = "economic"
    SOCIAL = "social"
    CULTURAL = "cultural"


VALUES_ZH: Final[Mapping[Value, str]] = {
    Value.SCIENTIFIC: "科学价值",
    Value.TECHNICAL: "技术价值",
    Value.ECONOMIC: "经济价值",
    Value.SOCIAL: "社会价值",
    Value.CULTURAL: "文化价值",
}


class SchemeUnknown(NotFound):
    """There is no evaluation scheme of this code, or not in this version."""

    code = "scheme_unknown"
    title_zh = "没有这个评价方案"
    title_en = "There is no such evaluation scheme"


class SchemeDoesNotFit(RuleBroken):
    """The scheme is made for another kind of results."""

    code = "scheme_does_not_fit"
    title_zh = "评价方案不适用于该类成果"
    title_en = "The scheme is made for another kind of results"


class SchemeInvalid(ValueError):
    """A scheme's file contradicts itself; the process does not serve it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One thing that experts score.

    Attributes:
        weight_bp: Share in its value, basis points.
        source: Where it comes from; ``default`` is not seen in a standard's text.
        confirmed: Whether its wording and weight were compared with that text.
    """

    code: str
    label_zh: str
    label_en: str
    description_zh: str
    description_en: str
    weight_bp: int
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePart:
    """One of the five values as far as a scheme applies it."""

    value: Value
    weight_bp: int
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierRule:
    """When a score lies so far off that its expert explains it.

    It does when it lies further from the median than ``mads`` median absolute deviations, but at
    least ``floor`` points; beyond ``cap`` points it always does.
    """

    mads: int
    floor: int
    cap: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A conclusion's level; ``floor`` is the lowest total that it fits."""

    code: str
    label_zh: str
    label_en: str
    floor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How results of one kind are evaluated.

    Attributes:
        kind: Name of the code table ``achievement_kind``.
        scale_min, scale_max: Bounds of a score, whole points.
        experts_min: Smallest panel; panels are odd.
        quorum: Fewest score sheets on which an evaluation goes on without the missing.
        explain_days: Calendar days that experts have to explain their outliers.
        confirmed: Whether values and weights were compared with the standards' text.
        levels: From the highest to the lowest.
    """

    code: str
    version: int
    title_zh: str
    title_en: str
    kind: str
    source: str
    confirmed: bool
    scale_min: int
    scale_max: int
    experts_min: int
    quorum: int
    explain_days: int
    outliers: OutlierRule
    levels: tuple[Level, ...]
    values: tuple[ValuePart, ...]

    @property
    def indicators(self) -> Mapping[str, Indicator]:
        """All indicators by code, in the scheme's order."""
        return {item.code: item for part in self.values for item in part.indicators}

    @property
    def content_hash(self) -> str:
        """SHA-256 of the scheme's RFC 8785 form."""
        return digest(jsonable(self))

    def share(self, indicator: str) -> Fraction:
        """Return an indicator's share in the total, exactly."""
        part, item = next(
            (part, item)
            for part in self.values
            for item in part.indicators
            if item.code == indicator
        )
        return Fraction(part.weight_bp * item.weight_bp, WEIGHTS_BP**2)

    def level_of(self, total: Fraction) -> Level:
        """Return the highest level that a total reaches."""
        return next(level for level in self.levels if total >= level.floor)


def scheme_from_json(told: Mapping[str, Any]) -> Scheme:
    """Read a scheme from its file's, or its `jsonable`, form."""
    return Scheme(
        **{
            **told,
            "outliers": OutlierRule(**told["outliers"]),
            "levels": tuple(Level(**level) for level in told["levels"]),
            "values": tuple(
                ValuePart(
                    value=Value(part["value"]),
                    weight_bp=part["weight_bp"],
                    indicators=tuple(Indicator(**item) for item in part["indicators"]),
                )
                for part in told["values"]
            ),
        }
    )


def check_scheme(scheme: Scheme) -> Scheme:
    """Return the scheme if it is consistent.

    Raises:
        SchemeInvalid: Names every fault.

    Invariant: EV1.
    """
    faults = Findings()
    faults.catch("kind", lambda: codes.require("achievement_kind", scheme.kind, field="kind"))
    faults.unique("values", [part.value for part in scheme.values])
    faults.unique("indicators", [item.code for part in scheme.values for item in part.indicators])
    _weights(faults, "values", [part.weight_bp for part in scheme.values])
    for part in scheme.values:
        _weights(faults, part.value, [item.weight_bp for item in part.indicators])
    floors = [level.floor for level in scheme.levels]
    for fits, where, message in (
        (scheme.version >= 1, "version", "Versions begin with 1."),
        (scheme.scale_min < scheme.scale_max, "scale_max", "The scale is empty."),
        (scheme.experts_min % 2 == 1, "experts_min", "A panel is odd."),
        (3 <= scheme.quorum <= scheme.experts_min, "quorum", "3 to experts_min."),
        (scheme.explain_days >= 1, "explain_days", "At least a day."),
        (scheme.outliers.mads >= 1, "outliers.mads", "At least 1."),
        (0 < scheme.outliers.floor <= scheme.outliers.cap, "outliers", "0 < floor <= cap."),
        (
            bool(floors)
            and floors[-1] == scheme.scale_min
            and all(a > b for a, b in pairwise(floors)),
            "levels",
            "Floors fall to the scale's minimum.",
        ),
    ):
        faults.require(fits, where, rule="scheme", message=message)
    if faults.errors:
        raise SchemeInvalid(f"{scheme.code} {scheme.version}: {faults.summary()}")
    return scheme


def _weights(faults: Findings, where: str, weights: list[int]) -> None:
    faults.require(
        sum(weights) == WEIGHTS_BP and all(weight > 0 for weight in weights),
        where,
        rule="weights",
        message="Weights are positive and sum to 10,000.",
    )


def load_schemes(texts: Iterable[str]) -> Mapping[str, tuple[Scheme, ...]]:
    """Return the schemes of the files by code, each from its first to its latest version.

    Raises:
        SchemeInvalid: A scheme contradicts itself, or a version is there twice.
    """
    found: dict[str, list[Scheme]] = {}
    for scheme in (check_scheme(scheme_from_json(json.loads(text))) for text in texts):
        found.setdefault(scheme.code, []).append(scheme)
    for code, versions in found.items():
        versions.sort(key=lambda scheme: scheme.version)
        if len({scheme.version for scheme in versions}) < len(versions):
            raise SchemeInvalid(f"{code} has a version twice")
    return {code: tuple(found[code]) for code in sorted(found)}


@lru_cache(maxsize=1)
def schemes() -> Mapping[str, tuple[Scheme, ...]]:
    """Return all schemes by code, read once."""
    return load_schemes(path.read_text(encoding="utf-8") for path in sorted(_DATA.glob("*.json")))


def find_scheme(code: str, *, version: int | None = None) -> Scheme:
    """Return a scheme, by default its latest version.

    Raises:
        SchemeUnknown: Names what there is.
    """
    versions = schemes().get(code, ())
    for scheme in reversed(versions):
        if version is None or scheme.version == version:
            return scheme
    raise SchemeUnknown(
        "There is no such evaluation scheme.",
        field="scheme",
        accepted=sorted(schemes()),
        versions=[scheme.version for scheme in versions],
    )


def scheme_for(kind: str, *, code: str | None) -> Scheme:
    """Return the scheme for a kind of results, or the named one if it fits.

    Args:
        kind: Name of the code table ``achievement_kind``.
        code: A scheme's code; ``None`` leaves the choice.

    Raises:
        SchemeUnknown: No scheme has the code.
        SchemeDoesNotFit: It is for another kind; names those that fit.
    """
    fitting = [versions[-1] for versions in schemes().values() if versions[-1].kind == kind]
    if code is None and fitting:
        return fitting[0]
    scheme = None if code is None else find_scheme(code)
    if scheme is None or scheme.kind != kind:
        raise SchemeDoesNotFit(
            "Choose a scheme for this kind of results.",
            field="scheme",
            kind=kind,
            accepted=[item.code for item in fitting],
        )
    return scheme
