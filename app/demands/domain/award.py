"""Who gets a demand's work, as the review or the reverse auction found it."""

from dataclasses import dataclass

from app.shared.ids import PartyId, ProposalId
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """A chosen proposal.

    Attributes:
        rank: 1 is the best.
        price: What the poster pays for the whole work, all milestones accepted.
    """

    proposal_id: ProposalId
    party_id: PartyId
    rank: int
    price: Money
