"""Recusals: what is found for whom, and that distance is enough."""

import pytest

from app.shared.ids import PartyId, new_id
from app.valuations.domain.recusal import (
    Expert,
    ExpertMustRecuse,
    RecusalGround,
    RecusalKind,
    Subject,
    find_recusals,
    require_no_recusal,
)

OWNER, UNIT = PartyId(new_id()), PartyId(new_id())
SUBJECT = Subject(
    owner_id=OWNER,
    behind_owner=frozenset({"陆景深"}),
    completers=frozenset({"许澜清", "郭一舟"}),
    co_inventors=frozenset({"许澜清", "钱望舒"}),
)
SAME, CONTROL, COMPLETER, CO_INVENTOR, RELATED, DECLARED = RecusalKind
G = RecusalGround

CASES = [
    ("a stranger", {}, []),
    (
        "a colleague of the owner",
        {"party_id": OWNER, "shared_with_owner": ("credit_code", "representative")},
        [G(SAME, ("party",))],
    ),
    (
        "the owner's organisation, registered twice",
        {"shared_with_owner": ("credit_code", "representative")},
        [G(SAME, ("credit_code",)), G(CONTROL, ("representative",))],
    ),
    ("one hand", {"shared_with_owner": ("person",)}, [G(CONTROL, ("person",))]),
    ("a completer, who is no co-inventor beside", {"name": "许澜清"}, [G(COMPLETER, ("许澜清",))]),
    ("a co-inventor of another result", {"name": "钱望舒"}, [G(CO_INVENTOR, ("钱望舒",))]),
    ("the owner's representative", {"name": "陆景深"}, [G(RELATED, ("陆景深",))]),
    (
        "from a completer's company",
        {"behind_unit": frozenset({"郭一舟", "某人"})},
        [G(RELATED, ("郭一舟",))],
    ),
    (
        "a completer in an own company is told once",
        {"name": "郭一舟", "behind_unit": frozenset({"郭一舟"})},
        [G(COMPLETER, ("郭一舟",))],
    ),
]


@pytest.mark.parametrize(("facts", "expected"), [case[1:] for case in CASES])
def test_the_records_tell_what_the_table_says(
    facts: dict[str, object], expected: list[RecusalGround]
) -> None:
    """EV2"""
    expert = Expert(**({"party_id": UNIT, "name": "方知远"} | facts))  # type: ignore[arg-type]
    assert find_recusals(expert, SUBJECT) == tuple(expected)
    declared = find_recusals(expert, SUBJECT, declared="曾任该项目顾问")
    assert declared == (*expected, G(DECLARED, ("曾任该项目顾问",)))


def test_the_refusal_names_every_ground() -> None:
    """EV2"""
    require_no_recusal(("甲", ()))
    with pytest.raises(ExpertMustRecuse) as refused:
        require_no_recusal(("甲", (G(SAME, ("party",)), G(COMPLETER, ("许澜清",)))), ("乙", ()))
    assert refused.value.fields["experts"] == [
        {
            "expert": "甲",
            "grounds": [
                {"kind": SAME, "details": ("party",)},
                {"kind": COMPLETER, "details": ("许澜清",)},
            ],
        }
    ]
