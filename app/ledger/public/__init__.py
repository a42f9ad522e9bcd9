"""What other modules may do with money.

Every id comes from the caller and is the idempotency key: repeating a call with the same
content does nothing, with other content it raises a `Conflict`. ``at`` is the market's moment.
"""

from app.ledger.domain.accounts import InsufficientFunds
from app.ledger.domain.entries import Entry
from app.ledger.domain.holds import Hold, HoldState
from app.ledger.domain.movements import escrow_payment, receipt, settlement
from app.ledger.domain.trial import TrialLine, totals
from app.ledger.public.deposits import capture, forfeit, hold, pay_out, receive, release
from app.ledger.public.escrow import (
    forfeit_escrow,
    pay_into_escrow,
    refund_escrow,
    settle_escrow,
)
from app.ledger.public.reading import (
    balance,
    escrow_of,
    forfeited_of,
    funds_of,
    get_hold,
    lock_parties,
    owner_of_account,
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
    "capture",
    "escrow_of",
    "escrow_payment",
    "forfeit",
    "forfeit_escrow",
    "forfeited_of",
    "funds_of",
    "get_hold",
    "hold",
    "lock_parties",
    "owner_of_account",
    "pay_into_escrow",
    "pay_out",
    "receipt",
    "receive",
    "refund_escrow",
    "release",
    "reverse",
    "settle_escrow",
    "settlement",
    "totals",
    "trial_balance",
]
