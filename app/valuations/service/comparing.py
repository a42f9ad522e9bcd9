"""Keep comparable deals from the journal, take given ones, check quoted ones."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import JournalEvent, NewEvent
from app.shared import codes
from app.shared.calendar import SHANGHAI
from app.shared.findings import Findings
from app.shared.ids import ListingId, MarketId, new_id
from app.shared.money import Money
from app.valuations.domain.comparables import (
    Comparable,
    ComparableFilter,
    ComparableInvalid,
    ComparableMismatch,
    ComparableSource,
    ComparableTerms,
    SaleRecord,
    is_contested,
)
from app.valuations.repository import comparables

_TABLES: Final = {
    "technology_field": "technology_field",
    "kind": "achievement_kind",
    "ip_kind": "ip_kind",
    "conversion_mode": "conversion_mode",
}
EVENTS: Final = frozenset(
    {
        "listing.published",
        "listing.changed",
        "listing.extended",
        "deal.opened",
        "deal.settled",
        "deal.defaulted",
    }
)


async def keep_sale(session: AsyncSession, event: JournalEvent) -> None:
    """Fold an event into what is known of its listing's sale; a settled sale is a comparable.

    Invariant: VA10, VA11.
    """
    told = event.public
    own = event.subject == "listing"
    if not own and "listing_id" not in told:
        return  # a deal of a demand: work to come, no comparable of a result
    listing_id = ListingId(event.subject_id if own else UUID(told["listing_id"]))
    record = await comparables.lock_record(session, listing_id, MarketId(event.market_id))
    match event.type:
        case "deal.opened":
            record = record.with_deal(
                event.subject_id,
                opened_at=event.market_at,
                price=_money(told["price"]),
                start=_money(told.get("start")),
                source=told.get("source"),
            )
        case "deal.settled":
            record = record.with_deal(event.subject_id, settled_at=event.market_at)
        case "deal.defaulted":
            record = record.with_deal(event.subject_id, defaulted_at=event.market_at)
        case _ if "notice" in told:
            record = record.with_terms(event.subject_version, _terms(told["notice"]))
    await comparables.save_record(session, record)
    comparable = _evidence(record)
    if comparable is not None:
        await comparables.put_own(session, comparable)


def _money(told: Mapping[str, str] | None) -> Money | None:
    return None if told is None else Money.parse(told["amount"], told["currency"])


def _terms(notice: Mapping[str, Any]) -> ComparableTerms:
    result = notice["achievement"]
    return ComparableTerms(
        title=result["title"],
        technology_field=result["technology_field"],
        kind=result.get("kind"),
        ip_kind=result.get("ip_kind"),
        readiness=result.get("readiness"),
        conversion_mode=notice.get("conversion_mode"),
        pricing_mode=notice.get("pricing_mode"),
        floor=_money(notice.get("floor")),
    )


def _evidence(record: SaleRecord) -> Comparable | None:
    deal = record.sold()
    if deal is None or record.terms is None:
        return None
    assert deal.price is not None
    assert deal.settled_at is not None
    return Comparable(
        id=new_id(),
        market_id=record.market_id,
        source=ComparableSource.EXCHANGE,
        listing_id=record.listing_id,
        terms=record.terms,
        price=deal.price,
        start=deal.start,
        contested=is_contested(deal),
        dealt_on=deal.settled_at.astimezone(SHANGHAI).date(),
    )


async def give_comparable(
    session: AsyncSession,
    actor: Actor,
    *,
    terms: ComparableTerms,
    price: Money,
    dealt_on: date,
    contested: bool | None,
    cited: str,
    note: str,
    now: datetime,
) -> Comparable:
    """Keep a deal from outside with its source, date and terms.

    Raises:
        ComparableInvalid: Names every fault.

    Invariant: VA12.
    """
    findings = Findings()
    for name, table in _TABLES.items():
        value = getattr(terms, name)
        if value is not None:
            findings.catch(name, partial(codes.require, table, value, field=name))
    today = now.astimezone(SHANGHAI).date()
    findings.require(
        dealt_on <= today, "dealt_on", rule="future", message="It has happened.", latest=today
    )
    if findings.errors:
        raise ComparableInvalid(findings.summary(), errors=findings.errors)
    comparable = Comparable(
        id=new_id(),
        market_id=actor.market_id,
        source=ComparableSource.GIVEN,
        listing_id=None,
        terms=terms,
        price=price,
        start=None,
        contested=contested,
        dealt_on=dealt_on,
        cited=cited,
        note=note,
    )
    await comparables.insert_given(session, comparable)
    event = NewEvent(
        market_id=actor.market_id,
        subject="comparable",
        subject_id=comparable.id,
        type="comparable.given",
        market_at=now,
        actor=actor.ref,
        restricted={"cited": cited, "price": price, "dealt_on": dealt_on},
    )
    await journal.append(session, event)
    return comparable


async def list_comparables(
    session: AsyncSession,
    actor: Actor,
    asked: ComparableFilter,
    *,
    before: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Comparable]:
    """Return the comparables of the caller's market, latest deal first."""
    return await comparables.find_page(session, actor.market_id, asked, before=before, limit=limit)


async def check_quoted(
    session: AsyncSession, market_id: MarketId, document: Mapping[str, Any]
) -> None:
    """Refuse a document that quotes a recorded comparable at another price.

    Raises:
        ComparableMismatch: Names each.

    Invariant: VA12.
    """
    quoted = {
        f"methods.{number}.inputs.comparables.{index}": item
        for number, method in enumerate(document["methods"])
        for index, item in enumerate(method["inputs"].get("comparables", ()))
        if item.get("comparable_id") is not None
    }
    ids = {UUID(item["comparable_id"]) for item in quoted.values()}
    known = await comparables.find_many(session, market_id, ids) if ids else {}
    findings = Findings()
    for where, item in quoted.items():
        found = known.get(UUID(item["comparable_id"]))
        same = (
            found is not None
            and item["price"]["distribution"] == "fixed"
            and Decimal(item["price"]["value"]) == Decimal(str(found.price))
            and found.price.currency == document["currency"]
        )
        findings.require(
            same,
            where,
            rule="recorded_price",
            message="Quote a recorded comparable at its recorded price.",
            price=None if found is None else found.price,
        )
    if findings.errors:
        raise ComparableMismatch(findings.summary(), errors=findings.errors)
