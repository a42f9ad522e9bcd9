"""Which of a day's invited entries fit: every demand with every achievement, scored in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_parties
from app.matching.domain.calibration import TextCalibration
from app.matching.domain.conditions import broken_conditions
from app.matching.domain.coverage import counterpart_of, coverages, lay_out
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Basis, Match, Verdict
from app.matching.domain.matchmaking import Setting
from app.matching.domain.planning import Invited, write_plan
from app.matching.domain.reasons import basis_points
from app.matching.domain.scheduling import Pairing, Without, schedule, why_without
from app.matching.domain.scoring import TextParts, compare_sides, explain, total
from app.matching.domain.terms import Terms
from app.matching.domain.vectors import cosines
from app.matching.domain.weights import Weights
from app.matching.domain.wish import Wish, wish_of
from app.matching.repository.days import titles_of
from app.matching.repository.entries import CurrentEntry, load_current
from app.matching.repository.wishes import wishes_of
from app.matching.service.engine import MatchingEngine
from app.matching.service.querying import terms_of
from app.matching.service.weighting import active_weights
from app.shared.ids import MarketId


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """All that a plan is made from, read in one transaction.

    Attributes:
        demands: What each seeks, with its party's hard conditions.
        today: The market's day in Asia/Shanghai.
    """

    setting: Setting
    invited: Mapping[UUID, Invited]
    demands: Mapping[UUID, Wish]
    achievements: Mapping[UUID, CurrentEntry]
    weights: Weights
    today: date


async def load_invitation(
    session: AsyncSession, market_id: MarketId, setting: Setting, *, today: date
) -> Invitation:
    """Read the invited entries as they are on offer now."""
    kinds = dict.fromkeys(setting.demands, EntryKind.DEMAND)
    kinds |= dict.fromkeys(setting.achievements, EntryKind.ACHIEVEMENT)
    current = {
        id_: entry
        for id_, entry in (await load_current(session, kinds)).items()
        if entry.entry.market_id == market_id
    }
    parties = await get_parties(session, {entry.entry.party_id for entry in current.values()})
    names = {party.id: party.name for party in parties}
    titles = await titles_of(session, kinds)
    asked = await wishes_of(session, setting.demands)
    invited, demands = {}, {}
    for id_, kind in kinds.items():
        entry = current.get(id_)
        invited[id_] = Invited(id=id_, kind=kind, title=titles.get(id_))
        if entry is None:
            continue
        invited[id_] = replace(
            invited[id_],
            party_id=entry.entry.party_id,
            party_name=names[entry.entry.party_id],
            revision=entry.entry.revision,
        )
        if kind is EntryKind.DEMAND:
            wish = wish_of(entry.entry, vector=entry.vector, model=entry.model)
            # Reasons are read by both sides, so what a party wishes in private only excludes.
            if id_ in asked:
                wish = replace(wish, conditions=asked[id_].conditions)
            demands[id_] = wish
    return Invitation(
        setting=setting,
        invited=invited,
        demands=demands,
        achievements={
            id_: entry for id_, entry in current.items() if kinds[id_] is EntryKind.ACHIEVEMENT
        },
        weights=await active_weights(session, market_id),
        today=today,
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    parts: TextParts
    pairing: Pairing


def make_plan(engine: MatchingEngine, asked: Invitation) -> dict[str, object]:
    """Return the best plan for an invitation; takes seconds of CPU, so call it in a thread.

    A pair is scored as the demand's own search would; only pairs that the calibration calls
    possible may meet.

    Raises:
        IndexNotReady: How rare words are is not known yet.
    """
    texts = {id_: lay_out(entry.entry.words) for id_, entry in asked.achievements.items()}
    words = [wish.words for wish in asked.demands.values()]
    terms = dict(zip(asked.demands, terms_of(engine, words), strict=True))
    fits: dict[tuple[UUID, UUID], _Fit] = {}
    for demand_id in asked.demands:
        found = _fitting(engine, asked, demand_id, terms[demand_id], texts)
        fits |= {(demand_id, fit.pairing.achievement_id): fit for fit in found}
    pairings = [fit.pairing for fit in fits.values()]
    hall = asked.setting.hall
    made = schedule(pairings, hall)
    met = [(it.pairing.demand_id, it.pairing.achievement_id) for it in made.meetings]
    here = [id_ for id_, entry in asked.invited.items() if entry.party_id is not None]
    why = dict.fromkeys(asked.invited.keys() - set(here), Without.GONE)
    why |= why_without(here, pairings, made, hall)
    return write_plan(
        made,
        setting=asked.setting,
        matches={
            pair: _explained(engine, asked, pair, fits[pair].parts, terms[pair[0]]) for pair in met
        },
        invited=asked.invited,
        without={id_: why[id_] for id_ in asked.invited if id_ in why},
        basis=Basis(
            weights=asked.weights.version,
            calibration=engine.calibration.version,
            model=None if engine.embedder is None else engine.embedder.name,
        ),
    )


def _fitting(
    engine: MatchingEngine,
    asked: Invitation,
    demand_id: UUID,
    terms: Terms,
    texts: Mapping[UUID, str],
) -> Sequence[_Fit]:
    wish = asked.demands[demand_id]
    seeker = wish.party_id
    assert seeker is not None
    near = {
        id_: entry
        for id_, entry in asked.achievements.items()
        if entry.entry.party_id != seeker
        and not broken_conditions(wish.conditions, entry.entry.facts, entry.entry.market_id)
    }
    meaning = _meaning(engine, wish, near)
    covered = coverages(terms, [texts[id_] for id_ in near]).tolist()
    found = []
    for (id_, entry), coverage in zip(near.items(), covered, strict=True):
        parts = TextParts(coverage, meaning.get(id_))
        calibration = _calibration(engine, wish, parts)
        text_score = parts.score(calibration)
        if calibration.verdict(text_score) is Verdict.NONE:
            continue
        compared = compare_sides(wish, entry.entry.facts, asked.today)
        pairing = Pairing(
            demand_id=demand_id,
            achievement_id=id_,
            demand_party=seeker,
            achievement_party=entry.entry.party_id,
            score=max(1, basis_points(total(text_score, compared, asked.weights))),
        )
        found.append(_Fit(parts, pairing))
    return found


def _calibration(engine: MatchingEngine, wish: Wish, parts: TextParts) -> TextCalibration:
    model = None if parts.semantic is None else _model(engine, wish)
    return engine.calibration.of(model, wish.wants)


def _model(engine: MatchingEngine, wish: Wish) -> str | None:
    return wish.model if engine.embedder and wish.model == engine.embedder.name else None


def _meaning(
    engine: MatchingEngine, wish: Wish, near: Mapping[UUID, CurrentEntry]
) -> Mapping[UUID, float]:
    model = _model(engine, wish)
    if model is None or engine.embedder is None or wish.vector is None:
        return {}
    stored = {
        id_: entry.vector
        for id_, entry in near.items()
        if entry.model == model and entry.vector is not None
    }
    values = engine.embedder.scale.values(cosines(wish.vector, list(stored.values())))
    return dict(zip(stored, values.tolist(), strict=True))


def _explained(
    engine: MatchingEngine,
    asked: Invitation,
    pair: tuple[UUID, UUID],
    parts: TextParts,
    terms: Terms,
) -> Match:
    wish = asked.demands[pair[0]]
    return explain(
        wish,
        counterpart_of(asked.achievements[pair[1]].entry),
        parts,
        terms=terms,
        weights=asked.weights,
        calibration=_calibration(engine, wish, parts),
        today=asked.today,
    )
