"""Shared control: what two parties have in common, and who stands behind one."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.domain.control import (
    Ground,
    common_grounds,
    persons_behind,
    shared_control,
)
from app.identity.domain.party import Party, PartyKind, PartyStatus
from app.shared.ids import MarketId, PartyId, new_id
from tests.world import credit_code

MARKET = MarketId(new_id())


def party(number: int, **changes: object) -> Party:
    plain = Party(
        id=PartyId(new_id()),
        market_id=MARKET,
        kind=PartyKind.ORGANISATION,
        status=PartyStatus.VERIFIED,
        name=f"公司{number}",
        credit_code=credit_code(number),
        region_code="330106",
        representative=f"代表{number}",
        contact=f"联系人{number}",
        phone=f"0571-5555000{number}",
        beneficial_owners=(f"受益人{number}",),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


FAMILY = "12330100" + credit_code(1)[8:17] + "9"  # the same organisation, registered otherwise

# What differs from two strangers: the first party, the second, the grounds.
Changes = Mapping[str, object]
CASES: list[tuple[Changes, Changes, list[Ground]]] = [
    ({}, {}, []),
    ({}, {"credit_code": FAMILY}, [Ground.CREDIT_CODE]),
    ({}, {"representative": " 代表 1"}, [Ground.REPRESENTATIVE]),
    (
        {"beneficial_owners": ("甲", "乙")},
        {"beneficial_owners": ("丙", "乙")},
        [Ground.BENEFICIAL_OWNER],
    ),
    ({"representative": "Li Wei"}, {"beneficial_owners": ("ＬＩ　ＷＥＩ",)}, [Ground.PERSON]),
    ({}, {"kind": PartyKind.PERSON, "name": "代表1", "credit_code": None}, [Ground.PERSON]),
    ({}, {"phone": "+86 571 55550001"}, [Ground.PHONE]),
    ({}, {"phone": "(0571)5555-0001"}, [Ground.PHONE]),
    ({}, {"contact": "联系人1"}, [Ground.CONTACT]),
    (
        {"representative": "甲", "beneficial_owners": ("甲",)},
        {"representative": "甲", "beneficial_owners": ("甲",), "phone": "0571-55550001"},
        [Ground.REPRESENTATIVE, Ground.BENEFICIAL_OWNER, Ground.PHONE],
    ),
    # What is not on record is shared by nobody.
    *[
        ({name: empty}, {name: empty}, [])
        for name, empty in (
            ("representative", None),
            ("contact", None),
            ("phone", None),
            ("phone", "()"),
            ("representative", " "),
            ("beneficial_owners", ()),
        )
    ],
]


@pytest.mark.parametrize(("one", "other", "grounds"), CASES)
def test_two_parties_share_what_the_table_says(
    one: dict[str, object], other: dict[str, object], grounds: list[Ground]
) -> None:  # I12
    pair = (party(1, **one), party(2, **other))
    flags = shared_control(pair)
    assert [list(flag.grounds) for flag in flags] == ([grounds] if grounds else [])
    assert [flag.party_ids for flag in flags] == ([(pair[0].id, pair[1].id)] if grounds else [])
    assert common_grounds(*pair) == common_grounds(*pair[::-1])


def test_a_natural_person_stands_behind_itself() -> None:
    one = party(1, kind=PartyKind.PERSON, name="王五", credit_code=None, representative=None)
    assert persons_behind(one) == {"王五", "受益人1"}
    assert persons_behind(party(2)) == {"代表2", "受益人2"}


few = st.sampled_from(["甲", "乙", "丙", None])


@given(
    st.lists(
        st.tuples(few, few, few, st.lists(few.filter(bool), max_size=2)), min_size=2, max_size=7
    )
)
def test_flags_are_what_comparing_every_pair_finds(
    drawn: list[tuple[str | None, str | None, str | None, list[str]]],
) -> None:  # I12
    parties = [
        party(
            number,
            representative=representative,
            contact=contact,
            phone={"甲": "1", "乙": "2"}.get(phone or ""),
            beneficial_owners=tuple(owners),
        )
        for number, (representative, contact, phone, owners) in enumerate(drawn)
    ]
    naive = [
        ((one.id, other.id), grounds)
        for one, other in combinations(parties, 2)
        if (grounds := common_grounds(one, other))
    ]
    assert [(flag.party_ids, flag.grounds) for flag in shared_control(parties)] == naive
