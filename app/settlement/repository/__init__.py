"""All SQL of settlement; what concerns deals and contracts by its short name."""

from app.settlement.repository.contracts import get_contract, save_contract
from app.settlement.repository.deals import (
    confirmed_at_of,
    deals_of,
    get_deal,
    insert_deal,
    insert_payments,
    list_deals,
    lock_deals,
    lock_defaulted,
    lock_engaged,
    next_number,
    owner_of_deal,
    payments_of,
    references_of,
    save_deal,
    save_deals,
)

__all__ = [
    "confirmed_at_of",
    "deals_of",
    "get_contract",
    "get_deal",
    "insert_deal",
    "insert_payments",
    "list_deals",
    "lock_deals",
    "lock_defaulted",
    "lock_engaged",
    "next_number",
    "owner_of_deal",
    "payments_of",
    "references_of",
    "save_contract",
    "save_deal",
    "save_deals",
]
