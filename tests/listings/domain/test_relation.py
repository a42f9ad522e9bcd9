"""Relations between buyer, seller and completers: what is found, declared, disclosed."""

from itertools import product

import pytest

from app.listings.domain.relation import (
    DISCLOSABLE,
    Found,
    RelatedPartyNotDisclosed,
    Relation,
    RelationUntrue,
    StaffMayNotRegister,
    check_relation,
    find_relations,
    require_no_staff,
)

NONE, COMPLETER, RELATED = Relation

# Grounds shared with the seller, the buyer if a person, who stands behind it: what is found.
CASES: list[tuple[list[str], str | None, set[str], Found]] = [
    ([], None, {"某人"}, {}),
    ([], "某人", {"某人"}, {}),
    (["representative"], None, {"某人"}, {RELATED: ("representative",)}),
    ([], "许澜清", {"许澜清"}, {COMPLETER: ("name",)}),
    ([], None, {"许澜清"}, {RELATED: ("completer_behind",)}),
    ([], "某人", {"某人", "许澜清"}, {RELATED: ("completer_behind",)}),
    (["person"], "许澜清", {"许澜清"}, {COMPLETER: ("name",), RELATED: ("person",)}),
    (
        ["credit_code", "beneficial_owner"],
        None,
        {"郭一舟"},
        {RELATED: ("credit_code", "beneficial_owner", "completer_behind")},
    ),
]


@pytest.mark.parametrize(("shared", "buyer", "behind", "expected"), CASES)
def test_the_records_tell_what_the_table_says(
    shared: list[str], buyer: str | None, behind: set[str], expected: Found
) -> None:
    """LS18"""
    completers = {"许澜清", "郭一舟"}
    found = find_relations(
        shared_with_seller=shared, buyer=buyer, behind_buyer=behind, completers=completers
    )
    assert found == expected


FOUND: list[Found] = [
    {},
    {COMPLETER: ("name",)},
    {RELATED: ("person",)},
    {COMPLETER: ("name",), RELATED: ("person",)},
]
DISCLOSED: list[tuple[Relation, ...]] = [(), (COMPLETER,), (RELATED,), DISCLOSABLE]


@pytest.mark.parametrize(
    ("declared", "found", "disclosed"), list(product(Relation, FOUND, DISCLOSED))
)
def test_only_a_true_and_disclosed_relation_is_admitted(
    declared: Relation, found: Found, disclosed: tuple[Relation, ...]
) -> None:
    """LS18: every declaration × what is found × what is disclosed."""
    relations = set(found) | {declared} - {NONE}
    if not relations <= set(disclosed):
        with pytest.raises(RelatedPartyNotDisclosed) as refused:
            check_relation(declared, found, disclosed=disclosed)
        assert refused.value.fields["relations"] == sorted(relations - set(disclosed))
        assert refused.value.fields["accepted"] == [NONE, *disclosed]
    elif declared in found or (not found and declared is not COMPLETER):
        check_relation(declared, found, disclosed=disclosed)
    else:
        with pytest.raises(RelationUntrue) as untrue:
            check_relation(declared, found, disclosed=disclosed)
        accepted = untrue.value.fields["accepted"]
        assert isinstance(accepted, list)
        for relation in accepted:  # what is offered would pass, if disclosed
            check_relation(relation, found, disclosed=DISCLOSABLE)


def test_who_watches_the_market_buys_nothing_in_it() -> None:
    """LS17"""
    require_no_staff(has_staff=False)
    with pytest.raises(StaffMayNotRegister):
        require_no_staff(has_staff=True)
