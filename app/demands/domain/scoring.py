"""Score sheets of a review: whole, closed until due, averaged exactly, told without names."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.shared.ids import ProposalId

POINTS_MAX: Final = 100
REASON_MIN: Final = 2
# How exact numbers are told: four decimals, half up. What decides is never rounded.
TOLD_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class Score:
    """Points of one expert for one criterion of one proposal, 0..100, with the reason."""

    points: int
    reason: str


Sheet = Mapping[ProposalId, Mapping[str, Score]]


@dataclass(frozen=True, slots=True)
class Points:
    """The panel's points for a criterion, exactly: the sum over the sheets and their number."""

    total: int
    count: int

    @property
    def mean(self) -> Fraction:
        """The arithmetic mean, 0..100."""
        return Fraction(self.total, self.count)

    @property
    def whole(self) -> int:
        """The mean in whole points, half up: what a reverse auction is given."""
        return (2 * self.total + self.count) // (2 * self.count)


class ReviewScoresInvalid(RuleBroken):
    """A sheet leaves something out or goes out of range; ``errors`` names each fault."""

    code = "review_scores_invalid"
    title_zh = "评分表不完整或超出范围"
    title_en = "The score sheet is incomplete or out of range"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


def check_sheet(
    sheet: Sheet, *, proposals: Collection[ProposalId], criteria: Collection[str]
) -> None:
    """Refuse a sheet that does not score every proposal on every criterion, each with a reason.

    Raises:
        ReviewScoresInvalid: With one of these rules an error: missing, unknown, within,
            reason_missing.

    Invariant: DM58.
    """
    faults = Findings()
    for proposal_id in proposals:
        if proposal_id not in sheet:
            faults.add(
                f"scores.{proposal_id}",
                rule="missing",
                message="Every admitted proposal is scored.",
                criteria=sorted(criteria),
            )
    known = set(proposals)
    for proposal_id, scores in sheet.items():
        where = f"scores.{proposal_id}"
        if proposal_id not in known:
            faults.add(where, rule="unknown", message="No such proposal is judged here.")
            continue
        for name in criteria:
            if name not in scores:
                faults.add(f"{where}.{name}", rule="missing", message="Every criterion is scored.")
        for name, score in scores.items():
            _check_score(faults, f"{where}.{name}", score, known=name in criteria)
    if faults.errors:
        raise ReviewScoresInvalid(faults.summary(), errors=faults.errors)


def _check_score(faults: Findings, where: str, score: Score, *, known: bool) -> None:
    if not known:
        faults.add(where, rule="unknown", message="No such criterion was published.")
    faults.require(
        0 <= score.points <= POINTS_MAX,
        f"{where}.points",
        rule="within",
        message="Points go from 0 to 100.",
        at_least=0,
        at_most=POINTS_MAX,
    )
    faults.require(
        len(score.reason.strip()) >= REASON_MIN,
        f"{where}.reason",
        rule="reason_missing",
        message="Say why.",
        characters_min=REASON_MIN,
    )


def panel_points(sheets: Sequence[Sheet]) -> dict[ProposalId, dict[str, Points]]:
    """Return the panel's points by proposal and criterion; every expert counts alike.

    Args:
        sheets: At least one; all score the same proposals and criteria.

    Invariant: DM65.
    """
    totals: dict[ProposalId, dict[str, int]] = {}
    for sheet in sheets:
        for proposal_id, scores in sheet.items():
            of_proposal = totals.setdefault(proposal_id, {})
            for name, score in scores.items():
                of_proposal[name] = of_proposal.get(name, 0) + score.points
    count = len(sheets)
    return {
        proposal_id: {name: Points(total, count) for name, total in of_proposal.items()}
        for proposal_id, of_proposal in totals.items()
    }


def told_reasons(
    sheets: Iterable[Sheet], proposal_ids: Collection[ProposalId]
) -> dict[ProposalId, dict[str, list[dict[str, Any]]]]:
    """Return the panel's words by proposal and criterion: no names, in an order that tells none.

    Invariant: DM61.
    """
    wanted = set(proposal_ids)
    found: dict[ProposalId, dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    for sheet in sheets:
        for proposal_id in wanted & sheet.keys():
            for name, score in sheet[proposal_id].items():
                found[proposal_id][name].append(score)
    return {
        proposal_id: {
            name: [
                {"points": score.points, "reason": score.reason}
                for score in sorted(scores, key=lambda score: (-score.points, score.reason))
            ]
            for name, scores in of_proposal.items()
        }
        for proposal_id, of_proposal in found.items()
    }


def told(number: Fraction) -> str:
    """Return a number as it is told: four decimals, half up; at least 0."""
    scale = 10**TOLD_DECIMALS
    scaled = (2 * number.numerator * scale + number.denominator) // (2 * number.denominator)
    return f"{scaled // scale}.{scaled % scale:0{TOLD_DECIMALS}d}"
