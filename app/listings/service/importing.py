"""Import achievements in bulk: read the whole file, then keep its good rows slice by slice."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.content import AchievementContent, content_to_json
from app.listings.domain.gate import assess
from app.listings.domain.importing import FORM
from app.listings.domain.importing_result import Import, Outcome, RowResult
from app.listings.domain.importing_rows import gate_faults, named_files, read_row
from app.listings.repository import achievements, imports, versions
from app.listings.service.deadlines import DEADLINE, end_of, terms_of
from app.listings.service.import_files import SHEET
from app.listings.service.telling import achievement_event
from app.markets.public import SelectionTerms
from app.platform import journal, timers
from app.platform.access import Actor, ObjectUnknown
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.files.lookup import find_own_file, own_files, read_content
from app.platform.tables.sheets import Sheet, read_sheet
from app.platform.tables.slices import in_slices
from app.settings import Settings
from app.shared.calendar import SHANGHAI
from app.shared.canonical import digest
from app.shared.ids import AchievementId, FileId, ImportId, new_id
from app.shared.tables.form import Fault, Header, RawRow

SLICE_ROWS: Final = 250  # about a fifth of a second a transaction


@dataclass(frozen=True, slots=True)
class _Frame:
    """What rows are judged by.

    Attributes:
        files: The party's own among those that rows name.
        terms: Of the selection, if the rows are to be submitted.
    """

    header: Header
    files: frozenset[FileId]
    today: date
    terms: SelectionTerms | None


@dataclass(frozen=True, slots=True)
class _Read:
    """A row that was read, with what its content is kept as and what the gate says of it."""

    row: int
    content: AchievementContent | None
    faults: tuple[Fault, ...]
    told: dict[str, Any]
    key: str
    gate: dict[str, Any] | None


async def import_achievements(
    database: Database, settings: Settings, actor: Actor, file_id: FileId, *, draft: bool
) -> Import:
    """Keep the good rows of a file of the actor's party, in slices of a transaction each.

    A row that the party has imported before is left alone, so the same file again changes
    nothing and goes on where a broken call ended. Invariants: LS33, LS34.

    Raises:
        PartyNotVerified: The exchange has not verified the party.
        ObjectUnknown: The party has no such file.
        ImportFileUnreadable, ImportEmpty, ImportTooLong, ImportColumnsInvalid: Nothing was stored.
    """
    async with database.transaction() as session:
        await require_verified(session, actor.party_id)
        file = await find_own_file(session, actor.party_id, file_id)
        if file is None:
            raise ObjectUnknown("Your party has no such file.", field="file_id")
    content = await read_content(settings, file.sha256)
    sheet, header = await asyncio.to_thread(_open, content, file.media_type)
    async with database.transaction() as session:
        named = {name for row in sheet.rows for name in named_files(header, row)}
        files = await own_files(session, actor.party_id, named)
        now = await market_now(session, actor.market_id)
        started = Import(
            id=ImportId(new_id()),
            market_id=actor.market_id,
            party_id=actor.party_id,
            file_id=file_id,
            draft=draft,
            rows=len(sheet.rows),
            started_at=now,
        )
        await imports.insert(session, started, started_by=actor.ref)
        terms = None if draft else await terms_of(session, actor.market_id, now)
    frame = _Frame(header, files, now.astimezone(SHANGHAI).date(), terms)

    async def keep(session: AsyncSession, read: Sequence[_Read]) -> None:
        await _keep(session, actor, started, frame, read)

    await in_slices(database, sheet.rows, partial(_read, frame), keep, size=SLICE_ROWS)
    return await _finish(database, actor, started)


def _open(content: bytes, media_type: str) -> tuple[Sheet, Header]:
    sheet = read_sheet(content, media_type, SHEET)
    return sheet, FORM.match_header(sheet.header.cells, row=sheet.header.number)


def _read(frame: _Frame, rows: Sequence[RawRow]) -> list[_Read]:
    return [_read_one(frame, row) for row in rows]


def _read_one(frame: _Frame, row: RawRow) -> _Read:
    content, faults = read_row(frame.header, row, today=frame.today, files=frame.files)
    if content is None:
        return _Read(row.number, None, faults, {}, "", None)
    gate = None
    if frame.terms is not None:
        report = assess(content, frame.today)
        gate = report.journaled()
        missed = gate_faults(frame.header, row, report, minimum=frame.terms.gate_score_min)
        if missed:
            return _Read(row.number, None, tuple(missed), {}, "", gate)
    told = content_to_json(content)
    return _Read(row.number, content, (), told, digest(told), gate)


async def _keep(
    session: AsyncSession, actor: Actor, started: Import, frame: _Frame, read: Sequence[_Read]
) -> None:
    """Store those rows of a slice that the party has not imported before."""
    good = {item.key: item for item in reversed(read) if item.content is not None}
    kept = await imports.find_kept(session, actor.party_id, good.keys())
    wanted = {key: AchievementId(new_id()) for key in good if key not in kept}
    claimed = await imports.claim(session, actor.party_id, wanted) if wanted else frozenset()
    if len(claimed) < len(wanted):  # another call was faster
        lost = wanted.keys() - claimed
        kept |= await imports.find_kept(session, actor.party_id, lost)
    fresh = {item.row: item for key, item in good.items() if key in claimed}
    made = [(fresh[row], wanted[fresh[row].key]) for row in sorted(fresh)]
    if made:
        await _store(session, actor, started, frame, made)
    results = []
    for item in read:
        if item.content is None:
            results.append(RowResult(item.row, Outcome.REFUSED, None, item.faults))
        elif item.row in fresh:
            results.append(RowResult(item.row, Outcome.STORED, wanted[item.key]))
        else:
            results.append(
                RowResult(item.row, Outcome.UNCHANGED, kept.get(item.key) or wanted[item.key])
            )
    await imports.add_results(session, started.id, results)


async def _store(
    session: AsyncSession,
    actor: Actor,
    started: Import,
    frame: _Frame,
    made: Sequence[tuple[_Read, AchievementId]],
) -> None:
    """Store rows as achievements that begin their first check, or as drafts."""
    now = await market_now(session, actor.market_id)
    due_at = None if frame.terms is None else end_of(now, frame.terms.first_check)
    new = [
        Achievement(
            id=achievement_id,
            market_id=started.market_id,
            party_id=started.party_id,
            status=AchievementStatus.DRAFT if started.draft else AchievementStatus.SUBMITTED,
            content=item.content,
            version=1,
            collected_at=now,
            submitted_at=None if started.draft else now,
            due_at=due_at,
        )
        for item, achievement_id in made
        if item.content is not None
    ]
    await achievements.insert(session, *new)
    await versions.insert(
        session,
        *new,
        edited_at=now,
        edited_by=actor.ref,
        contents=[(item.told, item.key) for item, _ in made],
    )
    if due_at is not None:
        await timers.schedule_new(
            session,
            market_id=started.market_id,
            kind=DEADLINE,
            subject_ids=[achievement.id for achievement in new],
            due_at=due_at,
        )
    events = [
        achievement_event(
            achievement,
            "drafted" if started.draft else "submitted",
            actor=actor.ref,
            at=now,
            restricted={
                # The content lies in the versions; thousands of copies would only be slower.
                "content_hash": item.key,
                "version": 1,
                "import_id": started.id,
                **({} if item.gate is None else {"gate": item.gate, "due_at": due_at}),
            },
        )
        for achievement, (item, _) in zip(new, made, strict=True)
    ]
    await journal.append(session, *events)


async def _finish(database: Database, actor: Actor, started: Import) -> Import:
    async with database.transaction() as session:
        now = await market_now(session, actor.market_id)
        await imports.finish(session, started.id, at=now)
        found = await imports.find(session, started.id)
    return replace(started, finished_at=now) if found is None else found


async def read_import(session: AsyncSession, import_id: ImportId) -> Import:
    """Return an import.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await imports.find(session, import_id)
    if found is None:
        raise ObjectUnknown("There is no such import.")
    return found
