"""One mechanism for all full-text searches: words in tiers, filters, keysets, bounded counts.

``words`` of a row holds each token as it is, with ``+`` before it if it stands in title or
keywords, and with ``^`` before it if it stands in the title. So the index alone tells where the
words of a query stand, and no row is ranked that is not shown. Facts such as ``=kind:applied``
stand there, too: so the index alone answers words and filters together.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

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
from app.shared.words import Term, tokens_of

_MARKS: Final = {Tier.TITLE: "^", Tier.KEYWORDS: "+", Tier.TEXT: ""}
_TOTAL: Final = "total"
# Of words in very many entries a page is looked for among so many of the newest first.
_NEWEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What entries must have.

    Attributes:
        facts: By filter, alternatives of which ``words`` must hold one.
        conditions: By filter, what else a row must fulfil.
    """

    terms: Sequence[Term]
    facts: Mapping[str, Sequence[str]]
    conditions: Mapping[str, ColumnElement[bool]]

    def without(self, name: str) -> Self:
        """Return the same without one filter."""
        return replace(
            self,
            facts={key: value for key, value in self.facts.items() if key != name},
            conditions={key: value for key, value in self.conditions.items() if key != name},
        )


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
        ValueError: It is none, has no offset, or lies outside of the calendar in UTC.
    """
    moment = datetime.fromisoformat(key)
    if moment.tzinfo is None:
        raise ValueError("a moment has its offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as failure:
        raise ValueError("a moment has a day in UTC") from failure


def fact(name: str, value: str) -> str:
    """Return the mark of a fact; names and values are codes, so none has to be escaped."""
    return f"={name}:{value}"


def words_text(
    title: str, keywords: Sequence[str], texts: Sequence[str], facts: Sequence[str] = ()
) -> str:
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
        *(f"'{mark}'" for mark in facts),
    )
    return " ".join(marked)


def _words_asked(terms: Sequence[Term], tier: Tier) -> str:
    mark = _MARKS[tier]
    return " & ".join(
        f"'{mark}{term.text}':*"
        if term.begins
        else " & ".join(f"'{mark}{token}'" for token in term.tokens)
        for term in terms
    )


def _matches(corpus: Corpus, asked: Asked, tier: Tier | None = None) -> ColumnElement[bool]:
    """Return the condition that all words and facts are there, and not all in a higher tier."""
    parts = [f"({' | '.join(repr(mark) for mark in marks)})" for marks in asked.facts.values()]
    if asked.terms:
        parts.append(_words_asked(asked.terms, tier or Tier.TEXT))
        if tier is not None and tier is not Tier.TITLE:
            parts.append(f"!({_words_asked(asked.terms, Tier(tier + 1))})")
    if not parts:
        return true()
    return corpus.words.bool_op("@@")(cast(cast(" & ".join(parts), Text), TSQUERY))


async def plan_each_search(session: AsyncSession) -> None:
    """Let the rest of the transaction plan for the very words that are asked for.

    One plan for rare and common words alike would be wrong for one of them. Reading the whole
    table would have to fetch each row's words, which the planner takes to be cheap.
    """
    await _plan(session, plan_cache_mode="force_custom_plan", enable_seqscan="off")


async def _plan(session: AsyncSession, **settings: str) -> None:
    told = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    await session.execute(text(f"SELECT {told}"))  # names and values of this module


async def find_places(
    session: AsyncSession,
    corpus: Corpus,
    asked: Asked,
    *,
    order: Order | None,
    after: Place | None,
    limit: int,
    total: Count,
) -> list[Place]:
    """Return the places of the next entries.

    Args:
        order: ``None`` is relevance: by tier, then newest first.
        total: How many entries there are before and behind ``after``.

    Invariant: LS51, LS52.
    """
    tiers: list[Tier | None] = [None]
    if order is None and asked.terms:
        highest = Tier.TITLE if after is None else Tier(after.tier)
        tiers = [tier for tier in sorted(Tier, reverse=True) if tier <= highest]
    newest = order is None or order is corpus.newest
    walking = newest and not total.exact
    if not walking:
        await _plan(session, enable_indexscan="off")
    found: list[Place] = []
    for tier in tiers:
        if len(found) >= limit or (total.exact and len(found) >= total.count):
            break
        here = after if after is not None and (tier is None or tier == after.tier) else None
        statement = _ordered(corpus, order or corpus.newest, here).where(
            _matches(corpus, asked, tier), *asked.conditions.values()
        )
        wanted = limit - len(found)
        rows = await _find(session, corpus, statement, here, wanted, walking=walking)
        found += [Place(tier or Tier.TEXT, _written(key), id_) for id_, key in rows]
    return found


async def _find(
    session: AsyncSession,
    corpus: Corpus,
    statement: Select[Any],
    after: Place | None,
    limit: int,
    *,
    walking: bool,
) -> Sequence[Any]:
    """Return the first rows of an ordered statement.

    The planner takes looking at a row's words to be cheap, and would walk through all entries,
    newest first, for words that few of them have. So it may walk through the newest ones only;
    if those are not enough, the words are not in every hundredth entry, and the index finds all.
    """
    if walking:
        edge_rows = _ordered(corpus, corpus.newest, after).offset(_NEWEST).limit(1)
        edge = (await session.execute(edge_rows)).one_or_none()
        if edge is None:
            return list(await session.execute(statement.limit(limit)))
        place = tuple_(literal(edge[1]), literal(edge[0]))
        near = statement.where(tuple_(corpus.newest.key, corpus.id) > place)
        rows = list(await session.execute(near.limit(limit)))
        if len(rows) >= limit:
            return rows
        await _plan(session, enable_indexscan="off")
        rows = list(await session.execute(statement.limit(limit)))
        await _plan(session, enable_indexscan="on")
        return rows
    return list(await session.execute(statement.limit(limit)))


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
    session: AsyncSession, corpus: Corpus, asked: Asked
) -> tuple[Count, Mapping[str, Facet]]:
    """Return how many entries there are, and how many with each value of each facet.

    A facet leaves its own filter aside. At most `COUNT_MAX` entries are looked at for the total
    and for each facet that is filtered by.

    Invariant: LS54.
    """
    columns = [expression.label(name) for name, expression in corpus.facets.items()]

    def sample(asked: Asked) -> Select[Any]:
        found = select(*columns).select_from(corpus.source)
        kept = found.where(corpus.visible, _matches(corpus, asked), *asked.conditions.values())
        return kept.limit(COUNT_MAX + 1)

    filtered = {*asked.facts, *asked.conditions}
    everything = sample(asked).cte("found")
    parts = [select(literal(_TOTAL), null().cast(Text), func.count()).select_from(everything)]
    for name in corpus.facets:
        rows = sample(asked.without(name)).cte(f"but_{name}") if name in filtered else everything
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
