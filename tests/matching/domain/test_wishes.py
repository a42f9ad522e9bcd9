"""What a party asks of matches beyond the record."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.domain.entry import EntryKind, Facts, Readiness
from app.matching.domain.wish import Conditions, Wish
from app.matching.domain.wishes import (
    EntryWishes,
    MatchWishesChanged,
    MatchWishesInvalid,
    MatchWishesVersionMissing,
    apply,
    check_seen,
    check_wishes,
    wishes_from_json,
    wishes_to_json,
)
from app.shared import codes
from app.shared.ids import MarketId
from app.shared.money import Money

MARKET = MarketId(UUID(int=1))
TRL = Readiness("trl_9", 6)


def readiness() -> st.SearchStrategy[Readiness]:
    scales = st.sampled_from(codes.table("readiness_scale").names)
    return scales.flatmap(
        lambda scale: st.builds(Readiness, st.just(scale), st.integers(1, codes.last_level(scale)))
    )


def some(table: str) -> st.SearchStrategy[tuple[str, ...]]:
    names = st.sampled_from(codes.table(table).names)
    return st.lists(names, max_size=4, unique=True).map(tuple)


def wishes(kind: EntryKind) -> st.SearchStrategy[EntryWishes]:
    asked = kind is EntryKind.DEMAND
    return st.builds(
        EntryWishes,
        readiness=st.none() | readiness() if asked else st.none(),
        region=st.none() | st.sampled_from(("330100", "330106", "320000")),
        conditions=st.builds(
            Conditions,
            technology_fields=some("technology_field"),
            regions=st.lists(st.sampled_from(("330000", "310000")), unique=True).map(tuple),
            modes=some("conversion_mode" if asked else "cooperation_mode"),
            readiness_min=st.none() | readiness() if asked else st.none(),
            price_max=(
                st.none() | st.integers(1, 10**12).map(lambda minor: Money(minor, "CNY"))
                if asked
                else st.none()
            ),
            market_id=st.none() | st.just(MARKET),
        ),
    )


def faults(asked: EntryWishes, kind: EntryKind) -> list[tuple[str, str]]:
    with pytest.raises(MatchWishesInvalid) as refused:
        check_wishes(asked, kind)
    errors = refused.value.fields["errors"]
    assert isinstance(errors, list)
    return [(error["field"], error["rule"]) for error in errors]


@given(st.sampled_from(EntryKind).flatmap(lambda kind: st.tuples(st.just(kind), wishes(kind))))
def test_what_is_in_order_is_accepted_and_kept_as_it_is(
    drawn: tuple[EntryKind, EntryWishes],
) -> None:
    """MT106"""
    kind, asked = drawn
    check_wishes(asked, kind)
    kept = json.loads(json.dumps(wishes_to_json(asked)))
    assert wishes_from_json(kept, MARKET) == asked


@given(wishes(EntryKind.DEMAND))
def test_preferences_become_facts_and_conditions_admit_no_exception(asked: EntryWishes) -> None:
    """MT105: all that the record says beside them stays."""
    stated = Facts(technology_field="new_materials", readiness=None, region="330110")
    wish = Wish(wants=EntryKind.ACHIEVEMENT, title="轻质高强铝基复合材料", text="", facts=stated)
    looked_for = apply(asked, wish)
    assert looked_for.conditions == asked.conditions
    assert looked_for.facts == Facts(
        technology_field="new_materials",
        readiness=asked.readiness,
        region=asked.region or "330110",
    )
    assert apply(EntryWishes(), looked_for).facts == looked_for.facts
    assert apply(EntryWishes(), wish) == wish


def test_all_faults_are_told_at_once() -> None:
    """MT106"""
    asked = EntryWishes(
        readiness=Readiness("trl_9", 10),
        region="999999",
        conditions=Conditions(
            technology_fields=("new_materials", "alchemy", "new_materials"),
            regions=("330000", "330000"),
            modes=("commissioned_development",),  # of the demand's own side
            readiness_min=Readiness("feeling", 3),
        ),
    )
    assert set(faults(asked, EntryKind.DEMAND)) == {
        ("readiness.level", "level_out_of_scale"),
        ("region", "code_unknown"),
        ("conditions.technology_fields.1", "code_unknown"),
        ("conditions.technology_fields.2", "repeated"),
        ("conditions.regions.1", "repeated"),
        ("conditions.modes.0", "code_unknown"),
        ("conditions.readiness_min.scale", "code_unknown"),
    }


def test_an_achievement_asks_no_maturity_and_no_price_of_demands() -> None:
    """MT106"""
    asked = EntryWishes(
        readiness=TRL,
        conditions=Conditions(
            modes=("commissioned_development",), readiness_min=TRL, price_max=Money(1, "CNY")
        ),
    )
    assert faults(asked, EntryKind.ACHIEVEMENT) == [
        ("readiness", "for_demands_only"),
        ("conditions.readiness_min", "for_demands_only"),
        ("conditions.price_max", "for_demands_only"),
    ]


def test_a_change_names_the_version_that_it_has_seen() -> None:
    """MT107"""
    check_seen('"3"', present=3)
    with pytest.raises(MatchWishesVersionMissing) as missing:
        check_seen(None, present=0)
    assert missing.value.fields["accepted"] == '"0"'
    with pytest.raises(MatchWishesChanged):
        check_seen('"2"', present=3)
