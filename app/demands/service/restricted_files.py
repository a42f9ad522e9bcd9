"""Files of a demand's restricted part: they open and close with its text."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.confidence import check_setting_files, opens_by_posting
from app.demands.domain.demand import Demand
from app.demands.repository import confidences as repository
from app.demands.repository import proposals
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.files.grants import grant_files, revoke_files
from app.platform.files.lookup import own_files
from app.platform.journal import JournalEvent
from app.shared.ids import DemandId, FileId, PartyId


async def set_files(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    file_ids: Sequence[FileId],
    *,
    now: datetime,
) -> Sequence[FileId]:
    """Set the files of a restricted demand's restricted part, in the place of those before.

    Raises:
        ObjectUnknown: There is no such demand, or no such file of the poster.
        RestrictedFilesFixed: The demand is public, or was posted.

    Invariant: DM34.
    """
    demand = await lock_demand(session, demand_id)
    check_setting_files(demand)
    if strange := set(file_ids) - await own_files(session, demand.party_id, file_ids):
        raise ObjectUnknown("No such file of your party.", field="file_ids", unknown=strange)
    await repository.put_files(session, demand.id, file_ids)
    # Who accepted in an earlier round reads the new ones when it reads again.
    for given in await repository.all_of(session, demand.id):
        await revoke_files(session, given.id)
    found = await repository.files_of(session, demand.id)
    event = demand_event(demand, "files_set", actor=actor.ref, at=now, restricted={"files": found})
    await journal.append(session, event)
    return found


async def open_files(
    session: AsyncSession, demand: Demand, party_id: PartyId, *, ground_id: UUID
) -> None:
    """Let a party read the files; ``ground_id`` is of what lets it in."""
    files = await repository.files_of(session, demand.id)
    await grant_files(session, files, party_id=party_id, ground_id=ground_id)


async def has_proposal(session: AsyncSession, demand: Demand, party_id: PartyId) -> bool:
    """Tell whether a proposal in the present round is the party's, or one that it takes part in.

    A consent alone is no part: it would tell whether the lead that it names has proposed.
    """
    return await proposals.takes_part(session, demand.id, demand.round, party_id)


async def close_files(session: AsyncSession, event: JournalEvent) -> None:
    """Close the files of a demand that is not posted any more to who has no proposal in it.

    A reaction: closing takes the demand's lock, and so does this.

    Invariant: DM34.
    """
    demand = await lock_demand(session, DemandId(UUID(str(event.subject_id))))
    if opens_by_posting(demand):
        return  # posted anew since
    for given in await repository.all_of(session, demand.id):
        if not await has_proposal(session, demand, given.party_id):
            await revoke_files(session, given.id)
