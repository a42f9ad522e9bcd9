"""One mechanism for all full-text searches: words in tiers, filters, keysets, bounded counts.

``words`` of a row holds each token as it is, with ``+`` before it if it stands in title or
keywords, and with ``^`` before it if it stands in the title. So the index alone tells where the
words of a query stand, and the order of relevance reads no more rows than the page has.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.searching import COUNT_MAX, Count, Facet, Place, Tier
from app.listings.domain.words import Term, tokens_of

_MARKS: Final = {Tier.TITLE: "^", Tier.KEYWORDS: "+", Tier.TEXT: ""}
_TOTAL: Final = "total"

Conditions = Mapping[str, ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Order:
    """A sort: its key, which may repeat, and how a cursor holds the key; ids break ties."""

    key: ColumnElement[Any]
    read: Callable[[str], Any]
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is searched.

    Attributes:
        visible: What every row that is shown fulfils.
        facets: The filters whose values are counted; a condition of the same name is the filter.
        lists: Those of the facets of which a row has several values.
    """

    source: FromClause
    id: ColumnElement[Any]
    words: ColumnElement[Any]
    visible: ColumnElement[bool]
    newest: Order
    facets: Mapping[str, ColumnElement[Any]]
    lists: Collection[str] = field(default=())


def read_moment(key: str) -> datetime:
    """Read a cursor's moment.

    Raises:
        ValueError: It is none, or has no offset.
    """
    moment = datetime.fromisoformat(key)
    if moment.tzinfo is None:
        raise ValueError("a moment has its offset")
    return moment


def words_text(title: str, keywords: Sequence[str], texts: Sequence[str]) -> str:
    """Return the text form of a row's ``words``.

    A token holds letters, digits and points only, so none has to be escaped.
    """
    in_title = tokens_of(title)
    in_strong = in_title | tokens_of(*keywords)
    everywhere = in_strong | tokens_of(*texts)
    marked = (
        *(f"'^{token}'" for token in in_title),
        *(f"'+{token}'" for token in in_strong),
        *(f"'{token}'" for token in everywhere),
    )
    return " ".join(marked)


def _asked(terms: Sequence[Term], tier: Tier) -> str:
    mark = _MARKS[tier]
    return " & ".join(
        f"'{mark}{term.text}':*"
        if term.begins
        else " & ".join(f"'{mark}{token}'" for token in term.tokens)
        for term in terms
    )


def _matches(
    corpus: Corpus, terms: Sequence[Term], tier: Tier | None = None
) -> ColumnElement[bool]:
    """Return the condition that all terms are there, and not all of them in a higher tier."""
    if not terms:
        return true()
    asked = _asked(terms, tier or Tier.TEXT)
    if tier is not None and tier is not Tier.TITLE:
        asked = f"{asked} & !({_asked(terms, Tier(tier + 1))})"
    return corpus.words.bool_op("@@")(cast(cast(asked, Text), TSQUERY))


async def plan_each_search(session: AsyncSession) -> None:
    """Let the rest of the transaction plan for the very words that are asked for.

    One plan for rare and common words alike would be wrong for one of them. Reading the whole
    table would have to fetch each row's words, which the planner takes to be cheap.
    """
    await session.execute(
        text(
            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
            " set_config('enable_seqscan', 'off', true)"
        )
    )


async def find_places(
    session: AsyncSession,
    corpus: Corpus,
    terms: Sequence[Term],
    conditions: Conditions,
    *,
    order: Order | None,
    after: Place | None,
    limit: int,
) -> list[Place]:
    """Return the places of the next entries.

    Args:
        order: ``None`` is relevance: by tier, then newest first.

    Invariant: LS51, LS52.
    """
    tiers: list[Tier | None] = [None]
    if order is None and terms:
        highest = Tier.TITLE if after is None else Tier(after.tier)
        tiers = [tier for tier in sorted(Tier, reverse=True) if tier <= highest]
    found: list[Place] = []
    for tier in tiers:
        here = after if after is not None and (tier is None or tier == after.tier) else None
        statement = _ordered(corpus, order or corpus.newest, here).where(
            _matches(corpus, terms, tier), *conditions.values()
        )
        rows = await session.execute(statement.limit(limit - len(found)))
        found += [Place(tier or Tier.TEXT, _written(key), id_) for id_, key in rows]
        if len(found) >= limit:
            break
    return found


def _written(key: object) -> str:
    return key.isoformat() if isinstance(key, datetime) else str(key)


def _ordered(corpus: Corpus, order: Order, after: Place | None) -> Select[Any]:
    statement = select(corpus.id, order.key).select_from(corpus.source).where(corpus.visible)
    if after is not None:
        here = tuple_(order.key, corpus.id)
        there = tuple_(literal(order.read(after.key)), literal(after.id))
        statement = statement.where(here < there if order.descending else here > there)
    if order.descending:
        return statement.order_by(order.key.desc(), corpus.id.desc())
    return statement.order_by(order.key, corpus.id)


async def count(
    session: AsyncSession, corpus: Corpus, terms: Sequence[Term], conditions: Conditions
) -> tuple[Count, Mapping[str, Facet]]:
    """Return how many entries there are, and how many with each value of each facet.

    A facet leaves its own filter aside. At most `COUNT_MAX` entries are looked at for the total
    and for each facet that is filtered by.

    Invariant: LS54.
    """

    def sample(but: str | None) -> Select[Any]:
        asked = [condition for name, condition in conditions.items() if name != but]
        columns = [expression.label(name) for name, expression in corpus.facets.items()]
        found = select(*columns).select_from(corpus.source)
        return found.where(corpus.visible, _matches(corpus, terms), *asked).limit(COUNT_MAX + 1)

    everything = sample(None).cte("found")
    parts = [select(literal(_TOTAL), null().cast(Text), func.count()).select_from(everything)]
    for name in corpus.facets:
        rows = sample(name).cte(f"but_{name}") if name in conditions else everything
        value = rows.c[name]
        if name in corpus.lists:
            values = select(func.unnest(value).label("value")).select_from(rows).subquery()
            value = values.c.value
        parts.append(select(literal(name), cast(value, Text), func.count()).group_by(value))
        if rows is not everything:
            size = select(literal(f"{_TOTAL}.{name}"), null().cast(Text), func.count())
            parts.append(size.select_from(rows))
    told: dict[str, dict[str | None, int]] = {}
    for row in await session.execute(union_all(*parts)):
        told.setdefault(row[0], {})[row[1]] = row[2]
    sizes = {name: told.get(f"{_TOTAL}.{name}", told[_TOTAL])[None] for name in corpus.facets}
    return _bounded(told[_TOTAL][None]), {
        name: Facet(_most_first(told.get(name, {})), sizes[name] <= COUNT_MAX)
        for name in corpus.facets
    }


def _bounded(number: int) -> Count:
    return Count(min(number, COUNT_MAX), number <= COUNT_MAX)


def _most_first(counts: Mapping[str | None, int]) -> dict[str, int]:
    known = [(value, number) for value, number in counts.items() if value is not None]
    return dict(sorted(known, key=lambda item: (-item[1], item[0])))
