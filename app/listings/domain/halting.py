"""When a listing can still be changed or withdrawn."""

from datetime import datetime

from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    Listing,
    ListingStatus,
    ListingTerms,
    ListingTrigger,
    PricingMode,
)
from app.shared.errors import Conflict
from app.shared.money import Money
from app.shared.transitions import advance


class BiddingHasBegun(Conflict):
    """Whoever bids relies on the listing."""

    code = "bidding_has_begun"
    title_zh = "竞价已开始，不能撤回"
    title_en = "The bidding has begun"


class ChangeNotPossible(Conflict):
    """What is announced of an auction cannot be changed under it."""

    code = "change_not_possible"
    title_zh = "该项目的公告内容不能变更，请撤回后重新挂牌"
    title_en = "This notice cannot be changed: withdraw the listing and draft a new one"


def while_disclosed(listing: Listing, trigger: ListingTrigger, *, now: datetime) -> ListingStatus:
    """Return the state after an act that is possible only while a listing is disclosed.

    The stored deadline decides, not whether the timer has run.

    Raises:
        TransitionRefused: It is not disclosing, or its disclosure is over.

    Invariant: LS7.
    """
    state, ends_at = listing.status, listing.disclosure_ends_at
    if state is ListingStatus.DISCLOSING and ends_at is not None and ends_at <= now:
        state = ListingStatus.CLOSED
    return advance(LISTING_TRANSITIONS, state=state, trigger=trigger)


def check_withdrawal(listing: Listing, *, now: datetime) -> None:
    """Refuse to withdraw a listing whose auction has opened.

    Raises:
        BiddingHasBegun: Names the opening.

    Source: rules.md L9; 拍卖法 29.
    """
    if listing.opens_at is not None and listing.opens_at <= now:
        raise BiddingHasBegun("Withdraw before the opening.", opens_at=listing.opens_at)


def check_change(listing: Listing, terms: ListingTerms, *, held: Money | None) -> None:
    """Refuse a change that would leave bidders with other terms than they rely on.

    Args:
        held: What depositors have paid each, ``None`` while there is none.

    Raises:
        ChangeNotPossible: Of an auction's notice, of the pricing mode, or of a deposit that is
            held; says which.

    Source: rules.md L2, A5.
    """
    if listing.pricing_mode is PricingMode.BIDDING:
        raise ChangeNotPossible("Its auction's terms are frozen.", field="pricing_mode")
    if terms.pricing_mode is not listing.pricing_mode:
        raise ChangeNotPossible(
            "Another pricing mode is another listing.",
            field="pricing_mode",
            accepted=str(listing.pricing_mode),
        )
    if held is not None and terms.deposit != held:
        raise ChangeNotPossible("Deposits of this amount are held.", field="deposit", accepted=held)
