"""Settlement and ledger."""

from app.permissions.table import MARKET, MUST, ONCE, OWN, allow

allow(
    "list_deals",
    "get_deal",
    scope="settlement:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("fix_contract", scope="settlement:write", key=ONCE, seller_staff=OWN, operator=MARKET)
allow(
    "record_payment",
    "record_signing",
    "declare_default",
    scope="settlement:write",
    key=MUST,
    operator=MARKET,
)
allow(
    "get_registration_sheet",
    scope="settlement:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "list_accounts",
    "list_postings",
    scope="ledger:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("get_trial_balance", scope="ledger:read", operator=MARKET, auditor=MARKET)
allow(
    "issue_certificate", "revoke_certificate", scope="settlement:write", key=MUST, operator=MARKET
)
allow(
    "list_certificates",
    "download_certificate",
    scope="settlement:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "find_certificate",
    "download_public_certificate",
    "get_revocations",
    scope="settlement:read",
    everyone=True,
)
allow("enter_filing", scope="settlement:write", key=ONCE, seller_staff=OWN, operator=MARKET)
allow(
    "get_filing",
    "list_filings",
    scope="settlement:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
