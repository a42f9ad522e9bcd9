"""When sealed bids may be opened by the holders of their keys' shares, and by whom."""

from typing import Final

from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.terms import Sealing
from app.shared.errors import Conflict, RuleBroken

_SHUT: Final = frozenset({AuctionStatus.SCHEDULED, AuctionStatus.SEALED, AuctionStatus.CANCELLED})


class NoShareHolders(RuleBroken):
    """The auction's sealed bids, if any, are not split among holders."""

    code = "no_share_holders"
    title_zh = "本场报价并非由多方共管密钥封存"
    title_en = "No holders keep shares of this auction's bids"


class OpeningNotDue(Conflict):
    """Sealed bids stay shut before the deadline, after a cancellation, and open once."""

    code = "opening_not_due"
    title_zh = "当前不能开启密封报价"
    title_en = "Sealed bids are not opened now"


def check_published(state: BiddingState) -> None:
    """Refuse to show sealed bids before the deadline, or where there will be no opening.

    Raises:
        NoShareHolders: Nobody holds shares.
        OpeningNotDue: Names the state and, while it runs, the deadline.

    Source: auctions/README.md, AU69.
    """
    _check_holders(state)
    at = state.status if state.pause is None else state.pause.status
    if at in _SHUT:
        raise _not_due(state)


def check_opening(state: BiddingState) -> None:
    """Refuse shares unless the deadline is over and the bids are still shut.

    Raises:
        NoShareHolders: Nobody holds shares.
        OpeningNotDue: Names the state and, while it runs, the deadline.
    """
    _check_holders(state)
    if state.status is not AuctionStatus.OPENING:
        raise _not_due(state)


def _check_holders(state: BiddingState) -> None:
    if state.terms.sealing is not Sealing.THRESHOLD:
        raise NoShareHolders("Its bids are not sealed for holders.", accepted=Sealing.THRESHOLD)


def _not_due(state: BiddingState) -> OpeningNotDue:
    runs = state.status is AuctionStatus.SEALED
    return OpeningNotDue(
        "Bids are opened between the deadline and the result, once.",
        state=str(state.status),
        deadline_at=state.deadline_at if runs else None,
        accepted=AuctionStatus.OPENING,
    )
