"""Save searches, and tell their owners what comes onto the shelf."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.searching import (
    SAVED_MAX,
    Document,
    Filters,
    SavedSearch,
    Target,
    TooManySavedSearches,
    check_filters,
    filters_to_json,
    passes,
)
from app.listings.repository import saved_searches as repository
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.inbox import NewNotification, notify
from app.platform.journal import NewEvent
from app.shared.ids import SavedSearchId, new_id
from app.shared.words import has_term

TOPIC: Final = "listings.saved_search"


async def save_search(
    session: AsyncSession,
    actor: Actor,
    *,
    name: str,
    target: Target,
    q: str,
    filters: Filters,
    now: datetime,
) -> SavedSearch:
    """Save a search of the actor's party.

    Raises:
        SearchInvalid: A filter holds what no entry can have.
        TooManySavedSearches: The party has as many as it may.
    """
    check_filters(filters)
    if await repository.count_of_party(session, actor.party_id) >= SAVED_MAX:
        raise TooManySavedSearches("Delete one that is not needed.", accepted_max=SAVED_MAX)
    saved = SavedSearch(
        id=SavedSearchId(new_id()),
        market_id=actor.market_id,
        party_id=actor.party_id,
        name=name,
        target=target,
        q=q,
        filters=filters,
        created_at=now,
    )
    await repository.insert(session, saved, created_by=actor.ref)
    await _journal(session, saved, "created", actor, now)
    return saved


async def list_searches(
    session: AsyncSession, actor: Actor, *, before: SavedSearchId | None, limit: int
) -> Sequence[SavedSearch]:
    """Return the saved searches of the actor's party, newest first."""
    return await repository.find_page(session, actor.party_id, before=before, limit=limit)


async def delete_search(
    session: AsyncSession, actor: Actor, saved_search_id: SavedSearchId, *, now: datetime
) -> None:
    """Delete a saved search; what it has told stays.

    Raises:
        ObjectUnknown: There is none.
    """
    saved = await repository.find(session, saved_search_id)
    if saved is None:
        raise ObjectUnknown("There is no such saved search.")
    await repository.remove(session, saved_search_id)
    await _journal(session, saved, "deleted", actor, now)


async def _journal(
    session: AsyncSession, saved: SavedSearch, what: str, actor: Actor, now: datetime
) -> None:
    # What somebody looks for is nobody else's business.
    event = NewEvent(
        market_id=saved.market_id,
        subject="saved_search",
        subject_id=saved.id,
        type=f"saved_search.{what}",
        market_at=now,
        actor=actor.ref,
        restricted={
            "name": saved.name,
            "target": saved.target,
            "q": saved.q,
            "filters": filters_to_json(saved.filters),
        },
        audience=frozenset({saved.party_id}),
    )
    await journal.append(session, event)


async def tell_of(session: AsyncSession, document: Document, *, at: datetime) -> int:
    """Tell the owners of all saved searches that find an entry; return how many are new.

    Nobody is told of its own, and nobody twice of the same version.

    Invariant: LS56, LS57.
    """
    tokens = document.tokens
    candidates = await repository.find_candidates(session, document, tokens)
    told = [
        _notification(saved, document, at)
        for saved in candidates
        if all(has_term(tokens, term) for term in saved.terms) and passes(saved.filters, document)
    ]
    return await notify(session, *told)


def _notification(saved: SavedSearch, document: Document, at: datetime) -> NewNotification:
    terms = [term.text for term in saved.terms]
    achievement = document.target is Target.ACHIEVEMENTS
    what_zh = "新入库成果" if achievement else "新公告项目"
    what_en = "result on the shelf" if achievement else "published listing"
    reason_zh = f"匹配词：{'、'.join(terms)}。" if terms else "符合所设筛选条件。"
    reason_en = f"Matching words: {', '.join(terms)}." if terms else "It passes the filters."
    return NewNotification(
        market_id=saved.market_id,
        party_id=saved.party_id,
        topic=TOPIC,
        title_zh=f"{what_zh}符合您保存的搜索“{saved.name}”",
        title_en=f"New {what_en} for your saved search “{saved.name}”",
        text_zh=f"《{document.title}》（{document.owner_name}）。{reason_zh}",
        text_en=f"“{document.title}” ({document.owner_name}). {reason_en}",
        data={
            "saved_search_id": saved.id,
            "saved_search": saved.name,
            "terms": terms,
            "filters": filters_to_json(saved.filters),
            "target": document.target,
            "id": document.id,
            "version": document.version,
        },
        dedupe_key=f"{saved.id}:{document.id}:{document.version}",
        market_at=at,
    )
