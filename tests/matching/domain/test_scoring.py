"""Scores add up, what is unknown is neutral, and every reason is told."""

from collections import Counter
from dataclasses import replace
from datetime import date
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.domain import fitting
from app.matching.domain.calibration import TextCalibration, shipped
from app.matching.domain.conditions import broken_conditions
from app.matching.domain.coverage import LENGTH_USUAL, counterpart_of, coverages, lay_out
from app.matching.domain.entry import Entry, EntryKind, Facts, Readiness
from app.matching.domain.factors import LEVELS_MISSING_MAX, compare
from app.matching.domain.match import Match, Verdict
from app.matching.domain.ranking import best_of
from app.matching.domain.scoring import (
    TextParts,
    best_verdict,
    compare_sides,
    contributions,
    explain,
    most_of,
    text_parts,
    text_scores,
    total,
)
from app.matching.domain.storing import match_from_json, match_to_json
from app.matching.domain.terms import (
    PAIRS_PART,
    SEARCHED_MAX,
    TERMS_MAX,
    Terms,
    choose_terms,
    matched_terms,
    terms_in,
)
from app.matching.domain.weights import DEFAULT, FACTORS, Weights
from app.matching.domain.wish import Conditions, Wish
from app.shared import codes
from app.shared.ids import MarketId, PartyId
from app.shared.money import Money
from app.shared.words import grams_of, spans_of

TODAY = date(2026, 3, 2)
MARKET = MarketId(UUID(int=1))
LOADS = settings(deadline=None)  # the dictionary, in the first example
SHARES = st.floats(0, 1, allow_nan=False)
names = {
    table: st.sampled_from(codes.table(table).names)
    for table in ("technology_field", "conversion_mode", "cooperation_mode", "ip_ownership")
}
regions = st.sampled_from(["330000", "330100", "330106", "330200", "310115"])
levels = st.builds(Readiness, st.just("trl_9"), st.integers(1, 9))
prices = st.builds(Money, st.integers(1, 10**12), st.sampled_from(["CNY", "USD"]))


def _priced(facts: Facts, price: Money | None) -> Facts:
    return replace(facts, price_low=price, price_high=price)


achievements = st.builds(
    _priced,
    st.builds(
        Facts,
        technology_field=st.none() | names["technology_field"],
        readiness=st.none() | levels | st.just(Readiness("manufacturing_10", 8)),
        region=st.none() | regions,
        modes=st.lists(names["conversion_mode"], max_size=3).map(tuple),
    ),
    st.none() | prices,
)
demands = st.builds(
    _priced,
    st.builds(
        Facts,
        technology_field=st.none() | names["technology_field"],
        readiness=st.none() | levels,
        region=st.none() | regions,
        modes=st.lists(names["cooperation_mode"], max_size=1).map(tuple),
        ip_ownership=st.none() | names["ip_ownership"],
        due_on=st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    ),
    st.none() | prices,
)
parts = st.builds(TextParts, SHARES, st.none() | SHARES)
MEANING = TextCalibration(coverage=0.7, semantic=0.3, possible=0.2, strong=0.4)


@st.composite
def all_weights(draw: st.DrawFn) -> Weights:
    drawn = [draw(st.floats(0.01, 1)) for _ in range(len(FACTORS) + 1)]
    shares = [one / sum(drawn) for one in drawn]
    return Weights("test", shares[0], dict(zip(FACTORS, shares[1:], strict=True)))


@given(parts, demands, achievements, all_weights())
def test_points_sum_to_the_score_and_weights_to_one(
    text: TextParts, demand: Facts, achievement: Facts, weights: Weights
) -> None:  # MT3
    compared = compare(demand, achievement, TODAY)
    points = contributions(text, compared, weights, MEANING)
    score = total(text.score(MEANING), compared, weights)
    assert sum(item.points for item in points) == pytest.approx(score, abs=1e-9)
    assert sum(item.weight for item in points) == pytest.approx(1, abs=1e-9)
    assert all(
        item.points == pytest.approx(item.weight * (item.value or 0), abs=1e-12) for item in points
    )
    assert 0 <= score <= 1 + 1e-9


@given(parts, demands, achievements)
def test_the_unknown_is_neutral_and_said(
    text: TextParts, demand: Facts, achievement: Facts
) -> None:  # MT4
    """A factor that one side says nothing of leaves the others their proportions."""
    points = {
        item.name: item
        for item in contributions(text, compare(demand, achievement, TODAY), DEFAULT, MEANING)
    }
    for item in points.values():
        assert (item.value is None) == (item.weight == 0 and item.points == 0)
        if item.value is None and item.name != "semantic":
            assert "未说明" in item.note_zh or "不能比较" in item.note_zh
    stated = [name for name in FACTORS if points[name].value is not None]
    for one in stated:
        for other in stated:
            told = points[one].weight / points[other].weight
            assert told == pytest.approx(DEFAULT.factors[one] / DEFAULT.factors[other])


def test_the_shipped_weights_are_whole() -> None:  # MT3
    assert DEFAULT.text + sum(DEFAULT.factors.values()) == pytest.approx(1, abs=1e-12)
    assert set(DEFAULT.factors) == set(FACTORS)


def test_the_shipped_calibration_is_whole() -> None:  # MT3
    for sides in shipped().models.values():
        for told in sides.values():
            assert told.coverage + told.semantic == pytest.approx(1, abs=1e-12)
            assert 0 < told.possible < told.strong < 1
    for kind in EntryKind:
        assert shipped().of("another/1024", kind) == shipped().of("multilingual-e5-small", kind)
        assert shipped().of(None, kind).semantic == 0


def test_the_tables_know_every_code() -> None:  # MT5
    modes = set(codes.table("conversion_mode").names)
    for table, wanted in ((fitting.MODES, "cooperation_mode"), (fitting.OWNERSHIP, "ip_ownership")):
        assert set(table) == set(codes.table(wanted).names)
        for row in table.values():
            assert set(row) <= modes
            assert all(0 <= value <= 1 for value in row.values())


@given(demands, achievements)
def test_factors_are_shares_and_gaps_are_no_full_fits(
    demand: Facts, achievement: Facts
) -> None:  # MT5
    for name, said in compare(demand, achievement, TODAY).items():
        assert name in FACTORS
        assert said.value is None or 0 <= said.value <= 1
        assert not said.is_gap or (said.value is not None and said.value < 1)


@given(levels, levels, levels)
def test_a_higher_level_never_fits_worse(
    asked: Readiness, one: Readiness, other: Readiness
) -> None:  # MT5
    low, high = sorted((one, other), key=lambda it: it.level)
    values = [
        compare(Facts(readiness=asked), Facts(readiness=stated), TODAY)["readiness"].value
        for stated in (low, high)
    ]
    assert values[0] is not None
    assert values[1] is not None
    assert values[0] <= values[1]
    assert (values[1] == 1) == (high.level >= asked.level)


@pytest.mark.parametrize(
    ("demand", "achievement", "factor", "value", "gap"),
    [
        ({"readiness": 6}, {"readiness": 4}, "readiness", 1 - 2 / LEVELS_MISSING_MAX, True),
        ({"readiness": 6}, {"readiness": 1}, "readiness", 0, True),
        ({"price": 100}, {"price": 100}, "price", 1, False),
        ({"price": 100}, {"price": 150}, "price", 0.5, True),
        ({"price": 100}, {"price": 300}, "price", 0, True),
        ({"region": "330106"}, {"region": "330106"}, "region", 1, False),
        ({"region": "330106"}, {"region": "330100"}, "region", 0.8, False),
        ({"region": "330106"}, {"region": "330000"}, "region", 0.5, False),
        ({"region": "330106"}, {"region": "310115"}, "region", 0, False),
    ],
)
def test_known_pairs(
    demand: dict[str, object],
    achievement: dict[str, object],
    factor: str,
    value: float,
    gap: bool,
) -> None:  # MT5
    said = compare(_facts(demand), _facts(achievement), TODAY)[factor]
    assert said.value == pytest.approx(value)
    assert said.is_gap is gap


def _facts(told: dict[str, object]) -> Facts:
    match told:
        case {"readiness": int(level)}:
            return Facts(readiness=Readiness("trl_9", level))
        case {"price": int(yuan)}:
            return _priced(Facts(), Money(yuan * 100))
        case {"region": str(region)}:
            return Facts(region=region)
    raise AssertionError(told)


def test_a_gap_says_both_sides() -> None:  # MT5
    said = compare(
        Facts(readiness=Readiness("trl_9", 6)), Facts(readiness=Readiness("trl_9", 4)), TODAY
    )["readiness"]
    assert said.note_zh == "成熟度 4 级，要求 6 级"
    assert said.note_en == "readiness 4, asked 6"


@pytest.mark.parametrize(
    ("price", "told"),
    [
        (Money.parse("1600000.00"), "报价 160万元，预算 90.5万元"),
        (Money.parse("1234567.89"), "报价 123.456789万元，预算 90.5万元"),
    ],
)
def test_prices_are_told_as_people_say_them(price: Money, told: str) -> None:  # MT5
    budget = Facts(price_high=Money.parse("905000.00"))
    assert compare(budget, Facts(price_low=price), TODAY)["price"].note_zh == told


@given(demands, achievements)
def test_whoever_looks_the_facts_compare_alike(demand: Facts, achievement: Facts) -> None:  # MT5
    wanting = Wish(wants=EntryKind.ACHIEVEMENT, title="需求", text="", facts=demand)
    offering = Wish(wants=EntryKind.DEMAND, title="成果", text="", facts=achievement)
    assert compare_sides(wanting, achievement, TODAY) == compare_sides(offering, demand, TODAY)


conditions = st.builds(
    Conditions,
    technology_fields=st.lists(names["technology_field"], max_size=2).map(tuple),
    regions=st.lists(regions, max_size=2).map(tuple),
    modes=st.lists(names["conversion_mode"], max_size=2).map(tuple),
    readiness_min=st.none() | levels,
    price_max=st.none() | prices,
    market_id=st.none() | st.sampled_from([MARKET, MarketId(UUID(int=2))]),
)


@given(conditions, achievements)
def test_a_condition_keeps_out_what_does_not_state_that_it_meets_it(
    asked: Conditions, facts: Facts
) -> None:  # MT7
    broken = set(broken_conditions(asked, facts, MARKET))
    assert broken <= set(Conditions.__dataclass_fields__)
    assert broken_conditions(Conditions(), facts, MARKET) == []
    for name in broken:
        alone = Conditions(**{name: getattr(asked, name)})
        assert broken_conditions(alone, facts, MARKET) == [name]
    nothing = set(broken_conditions(asked, Facts(), MARKET)) - {"market_id"}
    stated = {name for name in Conditions.__dataclass_fields__ if getattr(asked, name)}
    assert nothing == stated - {"market_id"}


@given(st.lists(st.tuples(SHARES, SHARES), max_size=40), st.integers(1, 8))
def test_the_best_are_those_of_scoring_them_all(
    drawn: list[tuple[float, float]], limit: int
) -> None:  # MT8
    texts = [text for text, _ in drawn]
    whole = [DEFAULT.text * text + (1 - DEFAULT.text) * facts for text, facts in drawn]
    looked_at: list[int] = []

    def score(place: int) -> float:
        looked_at.append(place)
        return whole[place]

    def most(text: float) -> float:
        return DEFAULT.text * text + (1 - DEFAULT.text)

    best = best_of(texts, most=most, whole=score, limit=limit)
    assert best == sorted(range(len(whole)), key=lambda place: (-whole[place], place))[:limit]
    assert len(looked_at) == len(set(looked_at))


@given(SHARES, demands, achievements, all_weights(), st.sampled_from(EntryKind))
def test_no_score_exceeds_what_it_can_come_to(
    text: float, demand: Facts, achievement: Facts, weights: Weights, wants: EntryKind
) -> None:  # MT8
    own, met = (demand, achievement) if wants is EntryKind.ACHIEVEMENT else (achievement, demand)
    wish = Wish(wants=wants, title="", text="", facts=own)
    score = total(text, compare_sides(wish, met, TODAY), weights)
    assert score <= most_of(wish, weights)(text) + 1e-12


@given(st.lists(parts, max_size=20))
def test_many_text_scores_are_those_of_each(each: list[TextParts]) -> None:  # MT3
    coverage = np.array([one.coverage for one in each])
    semantic = np.array([np.nan if one.semantic is None else one.semantic for one in each])
    scores = text_scores(coverage, semantic, MEANING)
    assert scores.tolist() == pytest.approx([one.score(MEANING) for one in each], abs=1e-12)
    assert [text_parts(*pair) for pair in zip(coverage, semantic, strict=True)] == each


WISH = "低压配电网漏电保护装置误动率高,需要准确识别故障断点"
FITS = "一种配电网漏电故障断点定位方法,漏电保护装置误动率降低"
OTHER = "水稻秸秆还田腐解菌剂的制备"


def _terms(wish: str, *entries: str) -> Terms:
    """Return the terms of a wish where these are all entries."""
    held = [set().union(*terms_in(entry)) for entry in entries]
    asked = [term for counted in terms_in(wish) for term in counted]
    return choose_terms(
        wish, {term: sum(term in one for one in held) for term in asked}, len(entries)
    )


texts = st.text(alphabet="低压配电网漏保护装置误动率高识别故障断点水稻秸秆的与 ,。aB9", max_size=60)


@LOADS
@given(texts, texts)
def test_shares_of_matched_terms_sum_to_at_most_one(wish: str, entry: str) -> None:  # MT6
    shown = matched_terms(_terms(wish, entry, OTHER), lay_out(entry))
    assert sum(term.share for term in shown) <= 1 + 1e-9
    assert all(term.share > 0 for term in shown)
    assert [term.share for term in shown] == sorted((t.share for t in shown), reverse=True)


ENDLESS = "低压漏电 https" + "a" * 60 + " 故障断点"


def test_endless_letters_count_as_their_beginning() -> None:  # MT6, MT13
    terms = _terms(ENDLESS, ENDLESS, OTHER)
    assert max(len(term) for term in terms.pairs) == len(grams_of("a" * 60)[0])
    assert {term.text for term in matched_terms(terms, lay_out(ENDLESS))} >= {"漏电", "故障"}
    [known, cut] = coverages(terms, [lay_out(ENDLESS), lay_out(ENDLESS.replace("a" * 60, ""))])
    assert known > cut


@LOADS
@given(texts)
def test_words_hold_each_gram_as_often_as_it_stands(text: str) -> None:  # MT6
    held: Counter[str] = Counter()
    for _, places in spans_of(text):
        for gram, part in places:
            held[gram] += part  # type: ignore[assignment]
    assert held == Counter(grams_of(text))


def test_matched_terms_are_words_of_both_sides() -> None:  # MT6
    terms = _terms(WISH, FITS, OTHER)
    shown = [term.text for term in matched_terms(terms, lay_out(FITS))]
    assert {"漏电", "保护装置", "故障"} <= set(shown)
    assert all(word in WISH and word in FITS for word in shown)
    assert matched_terms(terms, lay_out(OTHER)) == ()


@given(texts, st.lists(texts, max_size=5))
def test_coverage_is_what_its_formula_says(wish: str, entries: list[str]) -> None:  # MT13
    """Counted for all texts at once as for each alone, term by term."""
    terms = _terms(wish, *entries)
    found = coverages(terms, [lay_out(entry) for entry in entries])
    naive = [_coverage(terms, entry) for entry in entries]
    assert found.tolist() == pytest.approx(naive, abs=1e-12)
    assert all(0 <= value < 1 for value in naive)


def _coverage(terms: Terms, entry: str) -> float:
    k = 1.2 * (0.25 + 0.75 * len(lay_out(entry)) / LENGTH_USUAL)
    parts = []
    for worth, counted in zip((terms.pairs, terms.characters), terms_in(entry), strict=True):
        whole = sum(worth.values())
        covered = sum(
            worth[term] * counted[term] / (counted[term] + k) for term in worth if counted[term]
        )
        parts.append(covered / whole if whole else 0.0)
    return PAIRS_PART * parts[0] + (1 - PAIRS_PART) * parts[1]


def test_what_is_rare_on_both_sides_counts_most() -> None:  # MT13
    terms = _terms(WISH, FITS, "障碍物识别", "目标识别", OTHER)
    ordered = list(terms.pairs.values())
    assert ordered == sorted(ordered, reverse=True)
    assert terms.rarity["误动"] > terms.rarity["识别"]
    searched = terms.searched({term: int(term != "误动") for term in terms.all})
    assert "误动" not in searched
    assert len(searched) <= SEARCHED_MAX
    assert searched["识别"] == pytest.approx(terms.pairs["识别"] / terms.rarity["识别"])


def test_what_counts_more_often_than_there_are_entries_is_commonest() -> None:  # MT13
    """An index counts changed entries twice until it merges its segments."""
    known = dict.fromkeys([*"故障断点", "故障", "障断", "断点"], 1) | {"断点": 9, "障断": 3}
    terms = choose_terms("故障断点", known, 3)
    assert terms.pairs["断点"] == terms.pairs["障断"] < terms.pairs["故障"]
    assert all(weight > 0 for weight in terms.searched(known).values())


def test_a_long_wish_keeps_what_says_most() -> None:  # MT13
    text = "".join(chr(0x4E00 + number) for number in range(TERMS_MAX + 50))
    terms = choose_terms(text, dict.fromkeys([*terms_in(text)[0], *text], 0), 9)
    assert len(terms.pairs) == len(terms.characters) == TERMS_MAX


def _match(text: TextParts) -> Match:
    entry = Entry(
        id=UUID(int=7),
        kind=EntryKind.ACHIEVEMENT,
        market_id=MARKET,
        party_id=PartyId(UUID(int=3)),
        revision=2,
        title="配电网漏电故障断点定位方法",
        keywords=("漏电保护",),
        text=FITS,
        facts=Facts(readiness=Readiness("trl_9", 4), region="330100"),
    )
    wish = Wish(
        wants=EntryKind.ACHIEVEMENT,
        title="漏电保护误动",
        text=WISH,
        facts=Facts(readiness=Readiness("trl_9", 6)),
    )
    terms = _terms(wish.words, entry.words, OTHER)
    return explain(
        wish,
        counterpart_of(entry),
        text,
        terms=terms,
        weights=DEFAULT,
        calibration=MEANING,
        today=TODAY,
    )


@LOADS
@given(parts)
def test_a_match_tells_all_and_is_kept_as_it_is(text: TextParts) -> None:  # MT3
    match = _match(text)
    assert match_from_json(match_to_json(match)) == match
    assert match.score == pytest.approx(sum(item.points for item in match.contributions), abs=1e-9)
    assert [gap.text_en for gap in match.gaps] == ["readiness 4, asked 6"]


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (0.39, Verdict.POSSIBLE),
        (0.41, Verdict.STRONG),
        (0.21, Verdict.POSSIBLE),
        (0.19, Verdict.NONE),
    ],
)
def test_the_calibration_says_the_verdict(score: float, verdict: Verdict) -> None:  # MT3
    match = _match(TextParts(score, score))
    assert match.verdict is verdict
    assert best_verdict((match,)) is verdict
    assert best_verdict(()) is Verdict.NONE
