"""Scores of a panel: sheets, dispersion, outliers and the weighted total, in exact fractions.

Nothing is rounded on the way. What is shown is rounded half up to hundredths of a point; shown
contributions are apportioned by largest remainders, so that they sum to the shown total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from statistics import median
from typing import Any, Final

from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.valuations.domain.scheme import WEIGHTS_BP, Scheme, Value

HUNDREDTH: Final = Decimal("0.01")
COMMENT_LENGTH_MIN: Final = 2
_WIDE: Final = Context(prec=50, rounding=ROUND_HALF_UP)


class ScoresInvalid(RuleBroken):
    """A score sheet breaks rules; ``errors`` names each."""

    code = "evaluation_scores_invalid"
    title_zh = "评分表不符合要求"
    title_en = "The score sheet breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


@dataclass(frozen=True, slots=True)
class Score:
    """One expert's score of one indicator, whole points of the scheme's scale."""

    points: int
    comment: str


# By indicator code.
Sheet = Mapping[str, Score]
# By seat number, from 1.
Sheets = Mapping[int, Sheet]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispersion:
    """How an indicator's scores lie; points, half up to hundredths.

    Attributes:
        deviation: Of the whole panel (the root of the mean square), for the panel is no sample.
        coefficient: Deviation by mean, half up to four decimals; ``None`` for a mean of zero.
    """

    indicator: str
    count: int
    mean: Decimal
    median: Decimal
    minimum: int
    maximum: int
    deviation: Decimal
    coefficient: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A score that its expert explains.

    Attributes:
        limit: How far from the median scores may lie, points.
    """

    seat: int
    indicator: str
    points: int
    median: Decimal
    limit: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The weighted result, exact.

    Attributes:
        contributions: Of each indicator to the total; they sum to it.
        by_value: Each value's own score on the scheme's scale.
    """

    contributions: Mapping[str, Fraction]
    by_value: Mapping[Value, Fraction]
    total: Fraction


def check_sheet(scheme: Scheme, sheet: Sheet) -> None:
    """Refuse a sheet that leaves out, adds or misplaces a score.

    Raises:
        ScoresInvalid: Names every fault.

    Invariant: EV5.
    """
    faults = Findings()
    for code in scheme.indicators:
        faults.require(
            code in sheet, f"scores.{code}", rule="missing", message="Every indicator is scored."
        )
    for code, score in sheet.items():
        where = f"scores.{code}"
        faults.require(
            code in scheme.indicators,
            where,
            rule="unknown",
            message="The scheme has no such indicator.",
            codes=list(scheme.indicators),
        )
        faults.require(
            scheme.scale_min <= score.points <= scheme.scale_max,
            f"{where}.points",
            rule="range",
            message="The score is outside the scale.",
            minimum=scheme.scale_min,
            maximum=scheme.scale_max,
        )
        faults.require(
            len(score.comment.strip()) >= COMMENT_LENGTH_MIN,
            f"{where}.comment",
            rule="comment",
            message="A score says why.",
            characters_min=COMMENT_LENGTH_MIN,
        )
    if faults.errors:
        raise ScoresInvalid(faults.summary(), errors=faults.errors)


def shown(value: Fraction, step: Decimal = HUNDREDTH) -> Decimal:
    """Return an exact value half up to ``step``, for people to read."""
    return _wide(value).quantize(step, ROUND_HALF_UP)


def _wide(value: Fraction) -> Decimal:
    return _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))


def measure(scheme: Scheme, sheets: Sheets) -> tuple[Dispersion, ...]:
    """Return how the scores of each indicator lie, in the scheme's order.

    Args:
        sheets: At least one; each holds every indicator.
    """
    return tuple(_dispersion(code, _column(sheets, code)) for code in scheme.indicators)


def _column(sheets: Sheets, indicator: str) -> list[int]:
    return [sheet[indicator].points for sheet in sheets.values()]


def _dispersion(indicator: str, points: Sequence[int]) -> Dispersion:
    mean = Fraction(sum(points), len(points))
    variance = sum(((point - mean) ** 2 for point in points), Fraction(0)) / len(points)
    root = _WIDE.sqrt(_wide(variance))
    return Dispersion(
        indicator=indicator,
        count=len(points),
        mean=shown(mean),
        median=shown(_median(points)),
        minimum=min(points),
        maximum=max(points),
        deviation=root.quantize(HUNDREDTH, ROUND_HALF_UP),
        coefficient=None
        if mean == 0
        else _WIDE.divide(root, _wide(mean)).quantize(Decimal("0.0001"), ROUND_HALF_UP),
    )


def _median(values: Sequence[int | Fraction]) -> Fraction:
    return Fraction(median([Fraction(value) for value in values]))


def find_outliers(scheme: Scheme, sheets: Sheets) -> tuple[Outlier, ...]:
    """Return the scores that lie too far from their indicator's median, by seat and indicator.

    Invariant: EV9. Source: default (`OutlierRule`); the median absolute deviation after
    Hampel (1974).
    """
    rule = scheme.outliers
    found = []
    for code in scheme.indicators:
        points = _column(sheets, code)
        middle = _median(points)
        spread = _median([abs(point - middle) for point in points])
        limit = min(max(rule.mads * spread, Fraction(rule.floor)), Fraction(rule.cap))
        found += [
            Outlier(
                seat=seat,
                indicator=code,
                points=sheet[code].points,
                median=shown(middle),
                limit=shown(limit),
            )
            for seat, sheet in sheets.items()
            if abs(sheet[code].points - middle) > limit
        ]
    return tuple(sorted(found, key=lambda item: (item.seat, item.indicator)))


def weigh(scheme: Scheme, sheets: Sheets) -> Total:
    """Return the weighted result: of each indicator the panel's mean counts, alike for all.

    Invariant: EV8.
    """
    means = {
        code: Fraction(sum(points := _column(sheets, code)), len(points))
        for code in scheme.indicators
    }
    by_value = {
        part.value: sum(
            (means[item.code] * item.weight_bp for item in part.indicators), Fraction(0)
        )
        / WEIGHTS_BP
        for part in scheme.values
    }
    contributions = {code: mean * scheme.share(code) for code, mean in means.items()}
    return Total(
        contributions=contributions,
        by_value=by_value,
        total=sum(contributions.values(), Fraction(0)),
    )


def apportion(parts: Mapping[str, Fraction]) -> Mapping[str, Decimal]:
    """Return non-negative parts in hundredths that sum to their shown sum.

    Each is its exact value cut to a hundredth, or one hundredth more; those with the largest
    remainders, of equals the earlier, get the more.
    """
    hundredths = {name: part * 100 for name, part in parts.items()}
    whole = {name: int(part) for name, part in hundredths.items()}
    goal = int(shown(sum(parts.values(), Fraction(0))) * 100)
    by_remainder = sorted(parts, key=lambda name: whole[name] - hundredths[name])
    for name in by_remainder[: goal - sum(whole.values())]:
        whole[name] += 1
    return {name: Decimal(count).scaleb(-2) for name, count in whole.items()}
