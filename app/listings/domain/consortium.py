"""Joint purchase 联合受让: several parties buy as one, if the notice announced it."""

from collections.abc import Collection, Sequence

from app.listings.domain.listing import Listing
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import PartyId


class JointPurchaseNotAnnounced(RuleBroken):
    """The notice does not admit consortia."""

    code = "joint_purchase_not_announced"
    title_zh = "公告未允许联合受让"
    title_en = "The notice admits no joint purchase"


class MemberTaken(Conflict):
    """Each party takes part in a listing once: alone, leading, or as a member."""

    code = "member_taken"
    title_zh = "联合体成员重复参与"
    title_en = "A member takes part already"


def check_members(
    listing: Listing,
    lead: PartyId,
    members: Sequence[PartyId],
    *,
    taking_part: Collection[PartyId],
) -> None:
    """Refuse a consortium that was not announced, or that has somebody twice.

    Args:
        members: Beside the party that registers, which leads them.
        taking_part: Who takes part with another registration that has not ended.

    Raises:
        JointPurchaseNotAnnounced: There are members, and the notice admits none.
        MemberTaken: Names the field and who is meant.

    Source: rules.md §2, notice fields; README, LS83.
    """
    if members and not listing.joint_purchase:
        raise JointPurchaseNotAnnounced("Register alone.", field="members", accepted=[])
    seen = {lead, listing.seller_id, *taking_part}
    if lead in taking_part:
        raise MemberTaken("Your party is a member of a consortium.", field="members")
    for place, member in enumerate(members):
        if member in seen:
            raise MemberTaken("It leads, sells, or takes part elsewhere.", field=f"members.{place}")
        seen.add(member)
