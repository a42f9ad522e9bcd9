"""What stands between open scores and a signed report: explanations, a level, the chair."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import EvaluationId
from app.valuations.domain.scheme import Scheme
from app.valuations.domain.scoring import Outlier


class ExplanationsMissing(Conflict):
    """Outliers are explained before the conclusion."""

    code = "explanations_missing"
    title_zh = "离群评分尚未说明"
    title_en = "Outlying scores are not explained yet"


class NothingToExplain(RuleBroken):
    """The score named is no outlier of the caller's, or it is explained."""

    code = "nothing_to_explain"
    title_zh = "没有需要说明的离群评分"
    title_en = "There is no such score to explain"


class ExplanationsNotDue(Conflict):
    """The experts have their time before the exchange goes on without their words."""

    code = "explanations_not_due"
    title_zh = "专家说明期限未到"
    title_en = "The experts still have time to explain"


class ChairOnly(Conflict):
    """The chair concludes."""

    code = "chair_only"
    title_zh = "只有专家组组长可以作出结论"
    title_en = "Only the panel's chair concludes"


class LevelUnknown(RuleBroken):
    """The scheme has no such level."""

    code = "level_unknown"
    title_zh = "评价方案没有该等级"
    title_en = "The scheme has no such level"


class ReportMissing(Conflict):
    """There is no report before the conclusion."""

    code = "report_missing"
    title_zh = "评价尚未作出结论"
    title_en = "The evaluation is not concluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a score lies far off, in its expert's words or the exchange's note of its silence."""

    seat: int
    indicator: str
    text: str
    by_expert: bool
    explained_at: datetime


def unexplained(
    outliers: tuple[Outlier, ...], explanations: tuple[Explanation, ...]
) -> tuple[Outlier, ...]:
    """Return the outliers that nobody has explained."""
    told = {(item.seat, item.indicator) for item in explanations}
    return tuple(item for item in outliers if (item.seat, item.indicator) not in told)


def check_explainable(
    texts: Collection[tuple[int, str]],
    open_ones: tuple[Outlier, ...],
    *,
    seat: int | None,
    due_at: datetime | None,
    now: datetime,
) -> None:
    """Refuse explanations of what needs none, of another's scores, or for experts in time.

    Args:
        texts: Seat and indicator of each.
        open_ones: Outliers that nobody has explained.
        seat: The expert's own; ``None`` for the exchange.

    Raises:
        ExplanationsNotDue: The exchange speaks before the experts' time is over.
        NothingToExplain: Names what the caller can explain.

    Invariant: EV10.
    """
    if seat is None and (due_at is None or now < due_at):
        raise ExplanationsNotDue("Wait for the experts.", due_at=due_at)
    possible = {
        (item.seat, item.indicator) for item in open_ones if seat is None or item.seat == seat
    }
    if not set(texts) <= possible:
        raise NothingToExplain(
            "Explain these.",
            field="explanations",
            accepted=[{"seat": place, "indicator": code} for place, code in sorted(possible)],
        )


def check_explained(outliers: tuple[Outlier, ...], explanations: tuple[Explanation, ...]) -> None:
    """Refuse to conclude over outliers without a word.

    Raises:
        ExplanationsMissing: Names seats and indicators.

    Invariant: EV10.
    """
    missing = unexplained(outliers, explanations)
    if missing:
        raise ExplanationsMissing(
            "Each outlier is explained by its expert first.",
            missing=[{"seat": item.seat, "indicator": item.indicator} for item in missing],
        )


def check_level(scheme: Scheme, level: str) -> None:
    """Refuse a level that the scheme does not have.

    Raises:
        LevelUnknown: Names those it has.
    """
    known = [item.code for item in scheme.levels]
    if level not in known:
        raise LevelUnknown("Choose one of the scheme's levels.", field="level", accepted=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A concluded evaluation, signed and never changed.

    Attributes:
        content: As signed; its RFC 8785 form is the JWS's payload.
        content_hash: SHA-256 of that form, lower-case hex.
        kid: The key that signed.
    """

    evaluation_id: EvaluationId
    content: Mapping[str, Any]
    content_hash: str
    kid: str
    jws: str
    concluded_at: datetime
