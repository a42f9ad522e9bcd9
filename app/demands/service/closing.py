"""What becomes of the proposals when the deadline has passed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand
from app.demands.domain.notice import DemandNoticeKind
from app.demands.domain.posting import Sealing
from app.demands.domain.proposal import ProposalStatus
from app.demands.repository import proposals as repository
from app.demands.service.noticing import publish_notice
from app.demands.service.opening_proposals import NO_PROPOSAL, lapse, open_plain
from app.demands.vault import Vault
from app.platform.access import SYSTEM
from app.platform.secrets import Box


async def on_closed(session: AsyncSession, box: Box, demand: Demand, *, at: datetime) -> None:
    """Publish how many proposed, and open what the exchange keeps; without any, it lapses.

    The caller holds the demand's lock, so every proposal that was in time is here. Sealed ones
    wait for their holders' shares.

    Invariants: DM35, DM48.
    """
    statuses = [ProposalStatus.HANDED_IN]
    living = await repository.of_round(session, demand.id, demand.round, statuses=statuses)
    first = min((item.handed_in_at for item in living), default=None)
    facts = {"proposals": len(living), "first_answer_at": first}
    demand = await publish_notice(
        session,
        demand,
        DemandNoticeKind.CLOSING,
        {"proposals": len(living)},
        what="closed",
        at=at,
        actor=SYSTEM,
        public=facts,
    )
    assert demand.terms is not None
    if not living:
        await lapse(session, demand, reason=NO_PROPOSAL, at=at, actor=SYSTEM)
    elif demand.terms.sealing is Sealing.PLAIN:
        await open_plain(session, Vault(box), demand, at=at)
