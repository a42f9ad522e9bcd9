"""Keep a slice of an import: new numbers become drafts, known ones change the draft they made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.content import DemandContent, content_to_json
from app.demands.domain.demand import DEMAND_TRANSITIONS, Demand, DemandStatus, DemandTrigger
from app.demands.domain.importing_result import (
    DemandImport,
    DemandOutcome,
    DemandRowResult,
    ImportedDemand,
)
from app.demands.domain.importing_rows import row_fault
from app.demands.repository import demands, imports, versions
from app.demands.service.noticing import demand_event
from app.platform import journal
from app.platform.access import Actor
from app.platform.clock import market_now
from app.shared.canonical import digest
from app.shared.ids import DemandId, new_id
from app.shared.tables.form import Fault, Header, RawRow

_CHANGED: Final = (
    "demand_changed",
    "上次导入之后，该需求已在平台上修改过（现为第{version}版），导入会盖掉这些修改",
    "在平台上直接修改该需求，或另用一个编号",
)
_FIXED: Final = (
    "demand_not_editable",
    "该需求（{number}）已不是草稿，也没有退回，不能通过导入修改",
    "等退回后再导入，或另用一个编号",
)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row that was read.

    Attributes:
        number: The poster's own; empty if it was not understood.
        content: ``None`` if there is any fault.
        content_hash: SHA-256 of the content's canonical form.
    """

    row: RawRow
    number: str
    content: DemandContent | None
    faults: tuple[Fault, ...]
    hints: tuple[Fault, ...]
    content_hash: str


async def keep_rows(
    session: AsyncSession,
    actor: Actor,
    started: DemandImport,
    header: Header,
    read: Sequence[ReadRow],
) -> None:
    """Store a slice and what became of its rows.

    Locks: the numbers that are new, in order, then the known demands, in the order of their ids;
    nobody waits for a number while it holds a demand. Invariants: DM100, DM101.
    """
    now = await market_now(session, actor.market_id)
    good = {item.number: item for item in read if item.content is not None}
    fresh = await _store_new(session, actor, started, good, now)
    known = {number: item for number, item in good.items() if number not in fresh}
    became = {
        number: (DemandOutcome.STORED, demand_id, None) for number, demand_id in fresh.items()
    } | await _update_known(session, actor, started, header, known, now)
    results = []
    for item in read:
        if item.content is None:
            told = DemandRowResult(
                item.row.number, item.number, DemandOutcome.REFUSED, None, item.faults
            )
        else:
            outcome, demand_id, fault = became[item.number]
            faults = () if fault is None else (fault,)
            told = DemandRowResult(
                item.row.number, item.number, outcome, demand_id, faults, item.hints
            )
        results.append(told)
    await imports.add_results(session, started.id, results)


async def _store_new(
    session: AsyncSession,
    actor: Actor,
    started: DemandImport,
    good: dict[str, ReadRow],
    now: datetime,
) -> dict[str, DemandId]:
    """Make drafts of those numbers that nobody of the party has imported before."""
    known = await imports.find_imported(session, actor.party_id, good.keys())
    wanted = {
        number: (DemandId(new_id()), item.content_hash)
        for number, item in good.items()
        if number not in known
    }
    claimed = await imports.claim(session, actor.party_id, wanted) if wanted else frozenset()
    if not claimed:
        return {}
    numbers = iter(await demands.next_numbers(session, len(claimed), now=now))
    new = [
        Demand(
            id=demand_id,
            number=next(numbers),
            market_id=started.market_id,
            party_id=started.party_id,
            status=DemandStatus.DRAFT,
            content=content,
            version=1,
            created_at=now,
        )
        for number, (demand_id, _) in wanted.items()
        if number in claimed and (content := good[number].content) is not None
    ]
    await demands.insert_many(session, new)
    await _keep_versions(session, actor, started, new, "drafted", now)
    return {number: wanted[number][0] for number in wanted if number in claimed}


Became = tuple[DemandOutcome, DemandId, Fault | None]


async def _update_known(
    session: AsyncSession,
    actor: Actor,
    started: DemandImport,
    header: Header,
    known: dict[str, ReadRow],
    now: datetime,
) -> dict[str, Became]:
    """Let the drafts of known numbers say what their rows say now."""
    if not known:
        return {}
    before = await imports.find_imported(session, actor.party_id, known.keys())
    same = {
        number: (DemandOutcome.UNCHANGED, before[number].demand_id, None)
        for number, item in known.items()
        if before[number].content_hash == item.content_hash
    }
    ids = [before[number].demand_id for number in known if number not in same]
    if not ids:
        return dict(same)
    locked = {found.id: found for found in await demands.find_many(session, ids, lock=True)}
    # Another call may have gone first: what was imported last is known under the locks only.
    before = await imports.find_imported(session, actor.party_id, known.keys())
    became: dict[str, Became] = dict(same)
    edited, noted = [], []
    for number, item in known.items():
        if number in same or item.content is None:
            continue
        demand, last = locked[before[number].demand_id], before[number]
        outcome, refused = _judge(demand, last, item)
        fault = None if refused is None else _tell(header, item, demand, refused)
        became[number] = outcome, demand.id, fault
        if outcome is DemandOutcome.UPDATED:
            demand = replace(demand, content=item.content, version=demand.version + 1)
            edited.append(demand)
        if outcome is not DemandOutcome.REFUSED:
            noted.append(replace(last, content_hash=item.content_hash, version=demand.version))
    if edited:
        await demands.save_contents(session, edited)
        await _keep_versions(session, actor, started, edited, "edited", now)
    if noted:
        await imports.save_imported(session, actor.party_id, noted)
    return became


def _judge(
    demand: Demand, last: ImportedDemand, item: ReadRow
) -> tuple[DemandOutcome, tuple[str, str, str] | None]:
    """Tell what becomes of a row whose number is known (DM101)."""
    if digest(content_to_json(demand.content)) == item.content_hash:
        return DemandOutcome.UNCHANGED, None
    if last.content_hash == item.content_hash:  # what the site made of it since, stays
        return DemandOutcome.UNCHANGED, None
    if (demand.status, DemandTrigger.EDIT) not in DEMAND_TRANSITIONS:
        return DemandOutcome.REFUSED, _FIXED
    if demand.version != last.version:
        return DemandOutcome.REFUSED, _CHANGED
    return DemandOutcome.UPDATED, None


def _tell(header: Header, item: ReadRow, demand: Demand, refused: tuple[str, str, str]) -> Fault:
    rule, message, mend = refused
    said = message.format(version=demand.version, number=demand.number)
    return row_fault(header, item.row, rule, said, mend)


async def _keep_versions(
    session: AsyncSession,
    actor: Actor,
    started: DemandImport,
    changed: Sequence[Demand],
    what: str,
    now: datetime,
) -> None:
    await versions.insert(session, *changed, edited_at=now, edited_by=actor.ref)
    events = [
        demand_event(
            demand,
            what,
            actor=actor.ref,
            at=now,
            restricted={
                # The content lies in the versions; thousands of copies would only be slower.
                "content_hash": digest(content_to_json(demand.content)),
                "version": demand.version,
                "import_id": started.id,
            },
        )
        for demand in changed
    ]
    await journal.append(session, *events)
