"""What other modules may do with money.

Every id comes from the caller and is the idempotency key: repeating a call with the same
content does nothing, with other content it raises a `Conflict`. ``at`` is the market's moment.
"""

from app.ledger.domain.accounts import InsufficientFunds
from app.ledger.domain.entries import Entry
from app.ledger.domain.holds import Hold, HoldState
from app.ledger.domain.movements import (
    escrow_payment,
    identification,
    receipt,
    settlement,
    unidentified,
)
from app.ledger.domain.trial import TrialLine, totals
from app.ledger.public.deposits import capture, forfeit, hold, receive, release
from app.ledger.public.escrow import (
    forfeit_escrow,
    pay_into_escrow,
    refund_escrow,
    settle_escrow,
)
from app.ledger.public.fees import (
    pay_by_voucher,
    pay_commission,
    pay_fee,
    refund_fee,
    settle_voucher,
    undo_voucher,
    withhold_fee,
)
from app.ledger.public.orders import (
    call_off,
    execute,
    identify,
    order_payment,
    order_return,
    strike_arrival,
)
from app.ledger.public.reading import (
    balance,
    escrow_of,
    forfeited_of,
    funds_of,
    get_hold,
    lock_parties,
    outgoing_of,
    owner_of_account,
    suspense_of,
    trial_balance,
)
from app.ledger.service import book_all, reverse

__all__ = [
    "Entry",
    "Hold",
    "HoldState",
    "InsufficientFunds",
    "TrialLine",
    "balance",
    "book_all",
    "call_off",
    "capture",
    "escrow_of",
    "escrow_payment",
    "execute",
    "forfeit",
    "forfeit_escrow",
    "forfeited_of",
    "funds_of",
    "get_hold",
    "hold",
    "identification",
    "identify",
    "lock_parties",
    "order_payment",
    "order_return",
    "outgoing_of",
    "owner_of_account",
    "pay_by_voucher",
    "pay_commission",
    "pay_fee",
    "pay_into_escrow",
    "receipt",
    "receive",
    "refund_escrow",
    "refund_fee",
    "release",
    "reverse",
    "settle_escrow",
    "settle_voucher",
    "settlement",
    "strike_arrival",
    "suspense_of",
    "totals",
    "trial_balance",
    "undo_voucher",
    "unidentified",
    "withhold_fee",
]
