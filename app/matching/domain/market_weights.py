"""A market's own weights 权重版本: proposed, compared on what people judged, then switched to.

Nothing switches by itself. A market that has never switched uses `domain.weights.DEFAULT`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.matching.domain.comparing import Comparison
from app.matching.domain.weights import FACTORS, Weights
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import MarketId

JUDGEMENTS_MIN: Final = 30  # judged matches behind a comparison that may switch weights; default
_WHOLE_BP: Final = 10_000


class WeightsStatus(StrEnum):
    """Where a version stands."""

    PROPOSED = "proposed"
    ACTIVE = "active"  # new results rest on it; at most one a market
    RETIRED = "retired"


class WeightsTrigger(StrEnum):
    """What moves a version."""

    ACTIVATE = "activate"
    RETIRE = "retire"


_S, _T = WeightsStatus, WeightsTrigger

WEIGHTS_TRANSITIONS: Final[Mapping[tuple[WeightsStatus, WeightsTrigger], WeightsStatus]] = {
    (_S.PROPOSED, _T.ACTIVATE): _S.ACTIVE,
    (_S.RETIRED, _T.ACTIVATE): _S.ACTIVE,
    (_S.ACTIVE, _T.RETIRE): _S.RETIRED,
}


class WeightsInvalid(RuleBroken):
    """Weights name every factor, none is negative, and together they are the whole."""

    code = "match_weights_invalid"
    title_zh = "权重须覆盖全部因素且合计为一万基点"
    title_en = "Weights name every factor and sum to 10,000 basis points"


class WeightsNotCompared(Conflict):
    """Weights are switched to on the ground of a comparison with those in use (MT49)."""

    code = "match_weights_not_compared"
    title_zh = "启用前须先在足够的真实反馈上与现行权重对比"
    title_en = "Compare the weights with those in use, on enough judgements, before they are used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Weights in basis points.

    Attributes:
        text_bp: Of the text score.
        factors_bp: By name, all of `domain.weights.FACTORS`.
    """

    text_bp: int
    factors_bp: Mapping[str, int]

    def weights(self, version: str) -> Weights:
        """Return them as parts of one."""
        return Weights(
            version=version,
            text=self.text_bp / _WHOLE_BP,
            factors={name: self.factors_bp[name] / _WHOLE_BP for name in FACTORS},
        )


def shares_of(weights: Weights) -> Shares:
    """Return weights in basis points."""
    return Shares(
        text_bp=round(weights.text * _WHOLE_BP),
        factors_bp={name: round(weights.factors[name] * _WHOLE_BP) for name in FACTORS},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredComparison:
    """A comparison as it was kept.

    Attributes:
        baseline: The version in use then.
        newest: The number of the market's newest version then.
        seed: Of the bootstrap's draws.
    """

    id: UUID
    baseline: str
    newest: int
    seed: int
    compared_at: datetime
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketWeights:
    """One version of a market's weights; its figures never change.

    Attributes:
        number: From 1 in its market.
        reason: Why it was proposed.
        activated_at: When it was last switched to.
    """

    id: UUID
    market_id: MarketId
    number: int
    status: WeightsStatus
    shares: Shares
    reason: str
    proposed_at: datetime
    activated_at: datetime | None = None

    @property
    def version(self) -> str:
        """What results name as their basis."""
        return version_of(self.number)

    @property
    def weights(self) -> Weights:
        """What results are scored by."""
        return self.shares.weights(self.version)


def version_of(number: int) -> str:
    """Return the name of a market's version."""
    return f"market-{number}"


def check_shares(shares: Shares) -> None:
    """Refuse weights that leave out a factor or are not the whole.

    The text weighs something: it is never unknown.

    Raises:
        WeightsInvalid: Names the factors, or the sum.

    Invariant: MT46.
    """
    if set(shares.factors_bp) != set(FACTORS):
        raise WeightsInvalid("Name every factor once.", field="factors_bp", accepted=list(FACTORS))
    whole = shares.text_bp + sum(shares.factors_bp.values())
    if shares.text_bp < 1 or min(shares.factors_bp.values()) < 0 or whole != _WHOLE_BP:
        raise WeightsInvalid(
            "No factor is negative, the text weighs something, and the sum is 10,000.",
            field="factors_bp",
            sum_bp=whole,
            accepted=_WHOLE_BP,
        )


def check_compared(found: StoredComparison | None, *, active: str, newest: int) -> None:
    """Refuse to switch without a comparison that tells something and is not out of date.

    Args:
        found: The latest comparison of the weights that shall be used.
        active: The version in use.
        newest: The number of the market's newest version.

    Raises:
        WeightsNotCompared: Names all that is missing.

    Invariant: MT49.
    """
    missing: list[str] = []
    told: dict[str, Any] = {"judgements_min": JUDGEMENTS_MIN}
    if found is None:
        missing.append("comparison")
    else:
        told["judgements"] = found.comparison.judgements
        if found.comparison.judgements < JUDGEMENTS_MIN:
            missing.append("judgements")
        if found.comparison.pairs == 0:
            missing.append("good_and_rejected_in_one_result")
        if found.baseline != active or found.newest < newest:
            missing.append("comparison_after_newest_weights")
    if missing:
        raise WeightsNotCompared(f"Missing: {', '.join(missing)}.", missing=missing, **told)
