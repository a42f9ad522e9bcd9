"""What the worker runs for banking: references, judging of bank lines, orders for refunds."""

from typing import Final

from app.banking.service.accounts import issue
from app.banking.service.judging import judge
from app.banking.service.ordering import place_refund
from app.platform.reactions import Reaction

REACTIONS: Final[tuple[Reaction, ...]] = (
    Reaction("banking.references", frozenset({"registration.qualified", "deal.opened"}), issue),
    Reaction("banking.judging", frozenset({"bank_line.arrived"}), judge, batch=1),
    Reaction("banking.refunds", frozenset({"registration.refund_ordered"}), place_refund),
)
