"""Similar past demands 相似历史需求: which came near, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.demands.public import DemandStatus, NoTakeUp, Outcome, PastDemand
from app.matching.domain.calibration import TextCalibration
from app.matching.domain.coverage import coverages, lay_out
from app.matching.domain.match import MatchedTerm, Verdict
from app.matching.domain.terms import Terms, matched_terms
from app.shared.money import Money

_WAN: Final = 10_000 * 100  # in fen


class PriceClass(StrEnum):
    """What a demand's work cost, as far as it is told of a single deal."""

    BELOW_100K = "below_100k"
    FROM_100K = "from_100k"
    FROM_500K = "from_500k"
    FROM_1M = "from_1m"
    FROM_5M = "from_5m"
    FROM_10M = "from_10m"


# Lower ends in fen, the highest first.
_CLASSES: Final = (
    (1_000 * _WAN, PriceClass.FROM_10M),
    (500 * _WAN, PriceClass.FROM_5M),
    (100 * _WAN, PriceClass.FROM_1M),
    (50 * _WAN, PriceClass.FROM_500K),
    (10 * _WAN, PriceClass.FROM_100K),
    (0, PriceClass.BELOW_100K),
)
_WHY: Final[Mapping[NoTakeUp, tuple[str, str]]] = {
    NoTakeUp.NO_PROPOSAL: ("无人申报", "nobody handed in a proposal"),
    NoTakeUp.NONE_ELIGIBLE: ("申报均不符合资格", "no proposal could be admitted"),
    NoTakeUp.NO_SUITABLE: ("评审认为没有合适方案", "the review found nothing good enough"),
    NoTakeUp.AUCTION_FAILED: ("竞价未成交", "its auction decided nothing"),
    NoTakeUp.NOT_SIGNED: ("中选方未签约", "the winners did not sign"),
    NoTakeUp.WITHDRAWN_BY_POSTER: ("发榜方撤回", "its poster withdrew it"),
    NoTakeUp.OTHER: ("其他原因未揭榜", "it was not taken up for another reason"),
}
_TAKEN: Final[Mapping[DemandStatus, tuple[str, str]]] = {
    DemandStatus.ACCEPTED: ("已揭榜，验收通过", "taken up and accepted"),
    DemandStatus.TERMINATED: ("揭榜后终止", "taken up, ended before acceptance"),
}
_AT_WORK: Final = ("已揭榜，实施中", "taken up, being worked on")
_UNDECIDED: Final = ("申报已截止，结果未定", "closed, not yet decided")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarDemand:
    """A past demand that came near.

    Attributes:
        coverage: What part of the wish's words stands in it, 0 to 1.
        fate_zh, fate_en: What became of it, with the reason if nobody took it up.
        price_class: ``None`` if nobody was paid for it in yuan.
    """

    demand: PastDemand
    coverage: float
    verdict: Verdict
    terms: tuple[MatchedTerm, ...]
    fate_zh: str
    fate_en: str
    price_class: PriceClass | None


def similar_to(
    terms: Terms,
    past: Sequence[PastDemand],
    calibration: TextCalibration,
    *,
    limit: int,
) -> tuple[SimilarDemand, ...]:
    """Return the past demands that a text comes near, nearest first; those alone that fit.

    Args:
        terms: Of the text.
        calibration: Of words alone; measured on texts of needs against texts of solutions.

    Invariant: MT93.
    """
    shares = coverages(terms, [lay_out(demand.text) for demand in past]).tolist()
    scored = list(zip(shares, past, strict=True))
    best = sorted(scored, key=lambda item: (-item[0], item[1].id))[:limit]
    return tuple(
        _similar(terms, demand, coverage, verdict)
        for coverage, demand in best
        if (verdict := calibration.verdict(coverage)) is not Verdict.NONE
    )


def _similar(terms: Terms, demand: PastDemand, coverage: float, verdict: Verdict) -> SimilarDemand:
    zh, en = fate_of(demand)
    return SimilarDemand(
        demand=demand,
        coverage=coverage,
        verdict=verdict,
        terms=matched_terms(terms, lay_out(demand.text)),
        fate_zh=zh,
        fate_en=en,
        price_class=class_of(demand.taken),
    )


def fate_of(demand: PastDemand) -> tuple[str, str]:
    """Return what became of a demand, in Chinese and English."""
    if demand.reason is not None:
        return _WHY[demand.reason]
    if demand.outcome is Outcome.TAKEN_UP:
        return _TAKEN.get(demand.status, _AT_WORK)
    return _UNDECIDED


def class_of(price: Money | None) -> PriceClass | None:
    """Return in which class an amount in yuan lies."""
    if price is None:
        return None
    return next(name for least, name in _CLASSES if price.amount_minor >= least)
