"""Who may claim what when a poster withdraws its demand before a contract exists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.demands.domain.demand import DemandStatus
from app.shared.ids import PartyId, ProposalId


class WithdrawalClaim(StrEnum):
    """What a proposer may claim from the poster."""

    NOTHING = "nothing"
    REASONABLE_COSTS = "reasonable_costs"  # reliance on a contract that was about to be made


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal of the round that is withdrawn."""

    proposal_id: ProposalId
    party_id: PartyId
    winner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one proposer may claim; the exchange records it and collects nothing."""

    proposal_id: ProposalId
    party_id: PartyId
    claim: WithdrawalClaim
    source: str


_BEFORE: Final = "before the deadline a posting may be withdrawn; rules.md §4"
_BEHIND: Final = "no contract and no announced winner; each bears its own costs"
_NOT_CHOSEN: Final = "not announced as a winner; each bears its own costs"
_WINNER: Final = "announced as a winner; 民法典 500: loss by reliance on the coming contract"


def withdrawal_claims(status: DemandStatus, proposals: Iterable[Proposed]) -> Sequence[Claim]:
    """Return what each proposer of the round may claim from the poster.

    Args:
        status: Of the demand when its poster withdraws it.

    Invariant: DM88. Source: 民法典 500 (缔约过失).
    """
    claims = []
    for proposed in proposals:
        claim, source = WithdrawalClaim.NOTHING, _BEHIND
        if status is DemandStatus.POSTED:
            source = _BEFORE
        elif status is DemandStatus.NOTICED:
            source = _NOT_CHOSEN
            if proposed.winner:
                claim, source = WithdrawalClaim.REASONABLE_COSTS, _WINNER
        claims.append(
            Claim(
                proposal_id=proposed.proposal_id,
                party_id=proposed.party_id,
                claim=claim,
                source=source,
            )
        )
    return claims


def told_claims(status: DemandStatus, claims: Sequence[Claim]) -> Sequence[dict[str, Any]]:
    """Return what the notice of a withdrawal says of claims: by kind, naming nobody.

    Who proposed what stays as secret as it was, and so does how many did.
    """
    told = [
        {
            "who": "proposers",
            "claim": WithdrawalClaim.NOTHING,
            "source": _BEFORE if status is DemandStatus.POSTED else _BEHIND,
        }
    ]
    if any(claim.claim is WithdrawalClaim.REASONABLE_COSTS for claim in claims):
        told.append(
            {
                "who": "announced_winners",
                "claim": WithdrawalClaim.REASONABLE_COSTS,
                "source": _WINNER,
            }
        )
    return told
