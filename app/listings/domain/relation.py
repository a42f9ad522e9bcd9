"""Who stands too near the seller to buy unless the notice says so, and who may not buy at all."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from app.shared.errors import RuleBroken


class Relation(StrEnum):
    """What a buyer is to the seller and its result."""

    NONE = "none"
    COMPLETER = "completer"  # 成果完成人
    RELATED = "related"  # 利害关系人


DISCLOSABLE: Final = (Relation.COMPLETER, Relation.RELATED)

# What the exchange's own records say: each relation found, with its grounds.
Found = Mapping[Relation, tuple[str, ...]]


class StaffMayNotRegister(RuleBroken):
    """The exchange, and whoever audits its market, know the bidders and so buy nothing there."""

    code = "staff_may_not_register"
    title_zh = "交易机构及其工作人员、审计单位不得参与受让登记"
    title_en = "The exchange and its auditors may not register"


class RelatedPartyNotDisclosed(RuleBroken):
    """The buyer has a relation that the notice does not admit."""

    code = "related_party_not_disclosed"
    title_zh = "公告未披露该关联关系，不得登记"
    title_en = "The notice does not disclose this relation"


class RelationUntrue(RuleBroken):
    """What the buyer declares is not what the records say."""

    code = "relation_untrue"
    title_zh = "关联关系申报与登记信息不符"
    title_en = "The declared relation contradicts the records"


def require_no_staff(*, has_staff: bool) -> None:
    """Refuse a party that watches the market.

    Args:
        has_staff: Whether the party has operators or auditors.

    Raises:
        StaffMayNotRegister: It has.

    Invariant: LS17. Source: 拍卖法 22, 30.
    """
    if has_staff:
        raise StaffMayNotRegister("Your party runs or audits this market.")


def find_relations(
    *,
    shared_with_seller: Collection[str],
    buyer: str | None,
    behind_buyer: Collection[str],
    completers: Collection[str],
) -> Found:
    """Return what the records tell of a buyer.

    A completer who buys in person is a completer; a company that a completer represents or owns
    is related.

    Args:
        shared_with_seller: The grounds of control that buyer and seller share.
        buyer: The plain name of a natural person, ``None`` for an organisation.
        behind_buyer: Plain names of those who move the buyer.
        completers: Plain names of the achievement's completers.

    Source: rules.md A3; 浙江条例 17(2).
    """
    found: dict[Relation, tuple[str, ...]] = {}
    in_person = buyer is not None and buyer in completers
    if in_person:
        found[Relation.COMPLETER] = ("name",)
    grounds = tuple(shared_with_seller)
    if not in_person and not set(completers).isdisjoint(behind_buyer):
        grounds += ("completer_behind",)
    if grounds:
        found[Relation.RELATED] = grounds
    return found


def check_relation(declared: Relation, found: Found, *, disclosed: Collection[Relation]) -> None:
    """Refuse a relation that the notice does not admit, and a declaration that is not true.

    The records may know less than the buyer, so a relation may be declared that they do not
    show; but who is a completer stands on record, for a priority right may hang on it.

    Args:
        disclosed: What the notice admits.

    Raises:
        RelatedPartyNotDisclosed: Names the relations and grounds, and what the notice admits.
        RelationUntrue: Names what the records say.

    Invariant: LS18. Source: rules.md A3; 浙江条例 17(2).
    """
    told = {str(relation): list(grounds) for relation, grounds in sorted(found.items())}
    hidden = ({declared} - {Relation.NONE} | set(found)) - set(disclosed)
    if hidden:
        raise RelatedPartyNotDisclosed(
            "The notice does not admit buyers with this relation.",
            field="relation",
            relations=sorted(hidden),
            on_record=told,
            accepted=[Relation.NONE, *sorted(disclosed)],
        )
    if (found and declared not in found) or (
        declared is Relation.COMPLETER and Relation.COMPLETER not in found
    ):
        raise RelationUntrue(
            "Declare the relation that the records show.",
            field="relation",
            on_record=told,
            accepted=sorted(found) or [Relation.NONE, Relation.RELATED],
        )
