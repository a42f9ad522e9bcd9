"""A demand's text by its parts, its words, its past and its prices."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demands.domain.gate_rules import DEMAND_RULES
from app.demands.public import (
    DEALS_MIN,
    DemandStatus,
    NoTakeUp,
    Outcome,
    PastDemand,
    assess_text,
    substance,
)
from app.matching.domain.analysis_parts import (
    decided_by_demand,
    decided_by_facts,
    find_parts,
    lacking,
)
from app.matching.domain.analysis_past import PriceClass, class_of, fate_of, similar_to
from app.matching.domain.analysis_prices import BudgetPlace, NoPrices, likely_prices
from app.matching.domain.analysis_questions import TOO_GENERAL, ask
from app.matching.domain.analysis_rules import PART_RULES, Part
from app.matching.domain.analysis_words import ENTRIES_MIN, WordReport, WordUse, weigh_words
from app.matching.domain.calibration import shipped
from app.matching.domain.entry import EntryKind, Facts
from app.matching.domain.match import Verdict
from app.matching.domain.terms import Terms, choose_terms, terms_in
from app.shared.ids import DemandId, MarketId, PartyId
from app.shared.money import Money
from app.shared.words import grams_of, words_of

WHOLE = (
    "液压缸筒长径比达到12时刀杆颤振，目前靠降转速多次走刀。要求内孔粗糙度Ra不大于0.8μm，"
    "按GB/T 10610测三处取最大值。用于两台深孔镗床，不得更换机床主轴。经费预算60万元至90万元，"
    "十个月内完成，委托开发，专利归我公司。"
)
VAGUE = "希望与高校开展合作，显著提高产品质量，降低成本，实现智能化升级。"

LOADS = settings(deadline=None)  # the first to cut a text loads the dictionary

texts = st.text(st.sampled_from("颤振目前不大于0.8μm按标准测试预算60万元内完成，。；,.归我公司 "))
parts = st.sampled_from(Part)


def stated(text: str) -> set[Part]:
    return {part.part for part in find_parts(text, {}) if part.stated}


def test_a_whole_text_states_everything_but_its_field() -> None:
    """MT90"""
    assert lacking(find_parts(WHOLE, {})) == {Part.FIELD}
    assert lacking(find_parts(WHOLE, decided_by_facts(Facts(technology_field="x")))) == set()


@pytest.mark.parametrize(
    ("text", "part", "is_stated"),
    [
        ("漏检率≤0.1%，节拍3,600件/小时", Part.INDICATORS, True),
        ("希望出水COD降至50 mg/L以下", Part.INDICATORS, True),
        ("返修率8%，单件工时3小时以上", Part.INDICATORS, False),  # how it is, not how it shall be
        ("经费预算不超过90万元", Part.INDICATORS, False),
        ("要求十个月内完成", Part.INDICATORS, False),
        ("漏检率不大于0.1%", Part.PROBLEM, False),
        ("漏检率居高不下", Part.PROBLEM, True),
        ("拟投入经费80万", Part.BUDGET, True),
        ("每年返修损失300万元", Part.BUDGET, False),  # what is lost, not what is paid
        ("预算面议", Part.BUDGET, False),
        ("2027年6月前交付", Part.DUE, True),
        ("项目周期12个月", Part.DUE, True),
        ("近三年内无法解决", Part.DUE, False),
        ("设备用了12年", Part.DUE, False),
        ("按GB/T 10610测三处", Part.TEST, True),
        ("国外设备检测精度高", Part.TEST, False),
        ("不得停产", Part.CONSTRAINTS, True),
        ("新产生的知识产权双方共有", Part.OWNERSHIP, True),
        ("寻求联合攻关", Part.COOPERATION, True),
    ],
)
def test_clauses_state_what_they_say(text: str, part: Part, is_stated: bool) -> None:
    """MT90"""
    assert (part in stated(text)) is is_stated


@given(texts, st.dictionaries(parts, st.booleans()))
def test_every_part_is_told_once_and_fields_decide_before_the_text(
    text: str, decided: dict[Part, bool]
) -> None:
    """MT90"""
    found = find_parts(text, decided)
    assert [part.part for part in found] == [rule.part for rule in PART_RULES]
    for part in found:
        if part.part in decided:
            assert (part.stated, part.clause) == (decided[part.part], None)
        else:
            assert part.stated == (part.clause is not None)


@given(texts, texts)
def test_more_clauses_state_no_less(one: str, more: str) -> None:
    """MT90"""
    assert stated(one) | stated(more) == stated(f"{one}。{more}")


@LOADS
@given(texts, st.booleans(), st.booleans())
def test_each_gap_is_asked_about_once_the_heaviest_first(
    text: str, is_demand: bool, too_general: bool
) -> None:
    """MT91"""
    broken = DEMAND_RULES[::2] if is_demand else assess_text("", text)
    names = {rule.name for rule in broken}
    found = find_parts(text, decided_by_demand(names) if is_demand else {})
    asked = ask(found, broken, too_general=too_general)
    assert [item.weight for item in asked] == sorted((item.weight for item in asked), reverse=True)
    assert max(Counter(item.name for item in asked).values(), default=1) == 1
    told = {item.name for item in asked}
    missing = lacking(found)
    for rule in PART_RULES:
        by_part, by_gate = str(rule.part) in told, rule.gate in told
        assert not (by_part and by_gate)
        if rule.part in missing:
            assert by_part or by_gate
        else:
            assert not by_part
    assert names <= told
    general = too_general and "text_not_concrete" not in names
    assert (TOO_GENERAL in told) is general


def test_a_vague_text_is_asked_for_what_counts_most() -> None:
    """MT91"""
    asked = [
        item.name for item in ask(find_parts(VAGUE, {}), assess_text("", VAGUE), too_general=True)
    ]
    assert set(asked[:2]) == {"indicators", "test"}
    assert {"words_without_number", "text_not_concrete", "problem"} <= set(asked)
    assert "cooperation" not in asked


ENTRIES = [
    "深孔镗削刀杆颤振抑制技术",
    "深孔钻削排屑技术",
    "换向器铜片裂纹检测技术",
    "检测装置及检测技术",
] * ENTRIES_MIN


@LOADS
@given(st.lists(st.sampled_from("深孔镗削刀杆检测技术颤振铜片裂纹及"), min_size=1).map("".join))
def test_a_word_s_share_is_never_told_too_low(text: str) -> None:
    """MT92"""
    grams = set(grams_of(text))
    held = [set(grams_of(entry)) for entry in ENTRIES]
    frequencies = {gram: sum(gram in entry for entry in held) for gram in grams}
    report = weigh_words(words_of(text), words_of(text), frequencies, len(ENTRIES))
    for word in report.words:
        standing = sum(word.text in entry for entry in ENTRIES) / len(ENTRIES)
        assert word.share >= standing
        if len(word.text) == 2:
            assert word.share == pytest.approx(standing)
    shares = [word.share for word in report.words]
    assert shares == sorted(shares, reverse=True)


def test_no_word_stands_in_more_than_all_entries() -> None:  # MT92
    """Changed ones count twice until the index merges its segments."""
    [word] = weigh_words(("检测",), {"检测"}, {"检测": 9}, 4).words
    assert word.share == 1.0


def _report(text: str, entries: list[str]) -> WordReport:
    grams = set(grams_of(text))
    frequencies = {gram: sum(gram in grams_of(entry) for entry in entries) for gram in grams}
    return weigh_words(words_of(text), substance((text,))[0], frequencies, len(entries))


def test_few_rare_words_are_too_general_but_a_small_market_does_not_tell() -> None:
    """MT92"""
    # Demands talk like this all day long.
    many = [f"水处理药剂{VAGUE}"] * ENTRIES_MIN
    assert _report(VAGUE, many).too_general is True
    assert _report(WHOLE, many).too_general is False
    small = _report(VAGUE, many[:-1])
    assert small.too_general is None
    assert {word.use for word in small.words} == {WordUse.GENERAL, WordUse.USUAL}
    report = _report("药剂 投加 铜片 希望", [*many, "药剂投加计量泵"])
    uses = {use: {word.text for word in report.of(use)} for use in WordUse}
    assert uses == {
        WordUse.GENERAL: {"药剂", "希望"},
        WordUse.USUAL: set(),
        WordUse.RARE: {"投加"},
        WordUse.UNHEARD: {"铜片"},
    }


def past(number: int, text: str, **told: object) -> PastDemand:
    values: dict[str, object] = {
        "id": DemandId(UUID(int=number)),
        "number": f"ZP-N-2025-{number:06}",
        "market_id": MarketId(UUID(int=1)),
        "party_id": PartyId(UUID(int=2)),
        "status": DemandStatus.UNANSWERED,
        "title": text[:20],
        "text": text,
        "technology_field": "advanced_manufacturing",
        "posted_at": datetime(2025, 3, 1, tzinfo=UTC),
        "rounds": 1,
        "outcome": Outcome.NOT_TAKEN_UP,
        "reason": NoTakeUp.NO_PROPOSAL,
        "proposals": 0,
        "taken": None,
    }
    return PastDemand(**(values | told))  # type: ignore[arg-type]


def terms_of(text: str) -> Terms:
    pairs, characters = terms_in(text)
    frequencies = {term: sum(term in entry for entry in ENTRIES) for term in (*pairs, *characters)}
    return choose_terms(text, frequencies, len(ENTRIES))


han = st.text(st.sampled_from("深孔镗削刀杆颤振抑制铜片裂纹检测水稻育秧"), min_size=2, max_size=40)


OF_WORDS = shipped().of(None, EntryKind.ACHIEVEMENT)


@LOADS
@given(st.text(st.sampled_from("深孔镗削刀杆颤振"), min_size=2), st.lists(han, max_size=8))
def test_similar_demands_come_nearest_first_and_none_without_likeness(
    text: str, others: list[str]
) -> None:
    """MT93"""
    demands = [past(number, other) for number, other in enumerate(others, start=1)]
    found = similar_to(terms_of(text), demands, OF_WORDS, limit=5)
    coverages = [item.coverage for item in found]
    assert coverages == sorted(coverages, reverse=True)
    assert all(0 < value <= 1 for value in coverages)
    assert all(item.verdict is not Verdict.NONE for item in found)
    for item in found:
        assert set(text) & set(item.demand.text)
        assert all(term.text in item.demand.text for term in item.terms)
    again = similar_to(terms_of(text), demands[::-1], OF_WORDS, limit=5)
    assert again == found


def test_a_repeated_demand_is_found_with_its_fate() -> None:
    """MT93"""
    text = "深孔镗削刀杆颤振抑制"
    demands = [past(1, f"{text}，返修率8%"), past(2, "水稻机插秧盘育秧基质")]
    (found,) = similar_to(terms_of(text), demands, OF_WORDS, limit=5)
    assert (found.demand.id, found.verdict) == (UUID(int=1), Verdict.STRONG)
    assert found.fate_zh == "无人申报"
    assert {"深孔", "抑制", "颤振"} <= {term.text for term in found.terms}


@pytest.mark.parametrize(
    ("told", "fate"),
    [
        ({"reason": NoTakeUp.NOT_SIGNED}, "中选方未签约"),
        ({"status": DemandStatus.WITHDRAWN, "reason": NoTakeUp.WITHDRAWN_BY_POSTER}, "发榜方撤回"),
        (
            {"outcome": Outcome.TAKEN_UP, "reason": None, "status": DemandStatus.ACCEPTED},
            "已揭榜，验收通过",
        ),
        (
            {"outcome": Outcome.TAKEN_UP, "reason": None, "status": DemandStatus.CONTRACTED},
            "已揭榜，实施中",
        ),
        (
            {"outcome": Outcome.RUNNING, "reason": None, "status": DemandStatus.CLOSED},
            "申报已截止，结果未定",
        ),
        (
            {"outcome": None, "reason": None, "status": DemandStatus.EVALUATING},
            "申报已截止，结果未定",
        ),
    ],
)
def test_what_became_of_a_demand_is_told(told: dict[str, object], fate: str) -> None:
    """MT93"""
    assert fate_of(past(1, "深孔镗削", **told))[0] == fate


def test_every_reason_has_words() -> None:
    """MT93"""
    assert len({fate_of(past(1, "深孔", reason=reason)) for reason in NoTakeUp}) == len(NoTakeUp)


@pytest.mark.parametrize(
    ("yuan", "name"),
    [(1, "below_100k"), (99_999, "below_100k"), (100_000, "from_100k"), (10**8, "from_10m")],
)
def test_a_price_is_told_by_its_class(yuan: int, name: str) -> None:
    """MT93"""
    assert class_of(Money(yuan * 100)) == PriceClass(name)
    assert class_of(None) is None


@given(st.lists(st.integers(1, 10**10), max_size=30), st.integers(1, 10**10), st.integers(0, 10**9))
def test_prices_are_told_of_enough_deals_only(amounts: list[int], low: int, more: int) -> None:
    """MT94"""
    facts = Facts(technology_field="x", price_low=Money(low), price_high=Money(low + more))
    found = likely_prices(facts, [Money(amount) for amount in amounts])
    if len(amounts) < DEALS_MIN:
        assert (found.prices, found.why_not) == (None, NoPrices.TOO_FEW_DEALS)
        return
    assert found.why_not is None
    assert found.prices is not None
    assert min(amounts) <= found.prices.low.amount_minor <= found.prices.high.amount_minor
    below = low + more < found.prices.low.amount_minor
    above = low > found.prices.high.amount_minor
    expected = BudgetPlace.BELOW if below else BudgetPlace.ABOVE if above else BudgetPlace.WITHIN
    assert found.budget == expected


def test_without_a_field_or_a_budget_that_is_said() -> None:
    """MT94"""
    deals = [Money(amount) for amount in range(1, 20)]
    assert likely_prices(Facts(), deals).why_not == NoPrices.FIELD_NOT_STATED
    assert likely_prices(Facts(technology_field="x"), deals).budget is None
    dollars = Facts(technology_field="x", price_low=Money(1, "USD"), price_high=Money(2, "USD"))
    assert likely_prices(dollars, deals).budget is None
