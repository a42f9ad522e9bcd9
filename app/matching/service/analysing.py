"""Analyse a demand or a free text: what lacks, what is like it, what is on offer, what it costs."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.public import (
    Confidentiality,
    DemandGateRule,
    assess_text,
    deals_of_field,
    past_demands,
    read_demand,
    rules_broken_by,
    substance,
)
from app.identity.public import get_party
from app.matching.domain.analysis_parts import (
    StatedPart,
    decided_by_demand,
    decided_by_facts,
    find_parts,
)
from app.matching.domain.analysis_past import SimilarDemand, similar_to
from app.matching.domain.analysis_prices import PriceRange, likely_prices
from app.matching.domain.analysis_questions import Question, ask
from app.matching.domain.analysis_rules import Part
from app.matching.domain.analysis_words import WordReport, weigh_words
from app.matching.domain.match import Found
from app.matching.domain.public_texts import entry_of_demand
from app.matching.domain.query import check_query
from app.matching.domain.terms import Terms, choose_terms
from app.matching.domain.wish import Wish, wish_of
from app.matching.index import IndexNotReady
from app.matching.service.engine import MatchingEngine
from app.matching.service.finding import find_matches
from app.matching.service.keeping import worth_keeping
from app.matching.service.querying import frequencies_of
from app.matching.service.weighting import active_weights
from app.platform.access import Actor
from app.shared.calendar import SHANGHAI
from app.shared.ids import DemandId
from app.shared.money import Money
from app.shared.words import words_of

FOUND_MAX: Final = 10
SIMILAR_MAX: Final = 10
_PAST_LOOKED_AT: Final = 50
_TOKENS_ASKED: Final = 24  # the rarest; each makes the board's search slower
_CURRENCY: Final = "CNY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is analysed.

    Attributes:
        text: Read for its parts; a title only names what it is about.
        decided: Parts that fields of their own state or leave open.
        broken: Rules of the quality gate that it does not pass.
        demand_id: Of a demand.
    """

    wish: Wish
    text: str
    decided: Mapping[Part, bool]
    broken: Sequence[DemandGateRule]
    demand_id: DemandId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What only the index knows."""

    words: WordReport
    similar: tuple[SimilarDemand, ...]
    found: Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What is told of a subject.

    Attributes:
        market: ``None`` while there is no index.
    """

    parts: tuple[StatedPart, ...]
    questions: tuple[Question, ...]
    prices: PriceRange
    market: Market | None


def subject_of_text(wish: Wish) -> Subject:
    """Return a free text as what is analysed.

    Raises:
        MatchQueryInvalid: Facts that no code table has.
    """
    check_query(wish)
    return Subject(
        wish=wish,
        text=wish.text,
        decided=decided_by_facts(wish.facts),
        broken=assess_text(wish.title, wish.text),
    )


async def subject_of_demand(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, now: datetime
) -> Subject:
    """Return a demand that the actor may see as what is analysed: its public part.

    Raises:
        ObjectUnknown: There is none, or it is not for the actor.

    Invariants: MT95, MT96.
    """
    demand = await read_demand(session, actor, demand_id)
    # Nothing is said of the other part, not even that it lacks.
    told = replace(demand.content.told, confidentiality=Confidentiality.PUBLIC)
    broken = await rules_broken_by(session, actor.market_id, told, now=now)
    poster = await get_party(session, demand.party_id)
    entry = entry_of_demand(demand, poster.region_code)
    steps = (f"{item.deliverable} {item.metric}" for item in told.milestones)
    return Subject(
        wish=wish_of(entry, vector=None, model=None),
        text="\n".join((entry.text, *steps)),
        decided=decided_by_demand({rule.name for rule in broken}),
        broken=broken,
        demand_id=demand.id,
    )


async def analyse(
    session: AsyncSession,
    engine: MatchingEngine,
    actor: Actor,
    subject: Subject,
    *,
    now: datetime,
) -> Analysis:
    """Return what is told of a subject; nothing is stored, journaled or logged.

    Invariants: MT14, MT90, MT91, MT97, MT98.
    """
    facts = subject.wish.facts
    try:
        market = await _look_around(session, engine, actor, subject, now)
    except IndexNotReady:
        market = None
    parts = find_parts(subject.text, subject.decided)
    too_general = market is not None and bool(market.words.too_general)
    deals: Sequence[Money] = ()
    if facts.technology_field is not None:
        deals = await deals_of_field(
            session,
            actor.market_id,
            technology_field=facts.technology_field,
            currency=_CURRENCY if facts.price_low is None else facts.price_low.currency,
        )
    return Analysis(
        parts=parts,
        questions=ask(parts, subject.broken, too_general=too_general),
        prices=likely_prices(facts, deals),
        market=market,
    )


async def _look_around(
    session: AsyncSession, engine: MatchingEngine, actor: Actor, subject: Subject, now: datetime
) -> Market:
    wish = subject.wish
    words, terms = await asyncio.to_thread(_weigh, engine, wish.words)
    # A figure is rare and says nothing of what is like it.
    tokens = [pair for pair in terms.pairs if pair.isalpha()][:_TOKENS_ASKED]
    past = await past_demands(session, tokens, home=actor.market_id, limit=_PAST_LOOKED_AT)
    others = [demand for demand in past if demand.id != subject.demand_id]
    found = await find_matches(
        session,
        engine,
        wish,
        home=actor.market_id,
        weights=await active_weights(session, actor.market_id),
        today=now.astimezone(SHANGHAI).date(),
        limit=FOUND_MAX,
    )
    found = replace(found, matches=worth_keeping(found))
    of_words = engine.calibration.of(None, wish.wants)
    similar = await asyncio.to_thread(similar_to, terms, others, of_words, limit=SIMILAR_MAX)
    return Market(words=words, similar=similar, found=found)


def _weigh(engine: MatchingEngine, text: str) -> tuple[WordReport, Terms]:
    known = frequencies_of(engine, [text])
    telling, _ = substance((text,))
    report = weigh_words(words_of(text), telling, known.both, known.size)
    return report, choose_terms(text, known.both, known.size)
