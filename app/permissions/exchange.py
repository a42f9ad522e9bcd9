"""Files, parties, markets and partners."""

from app.permissions.table import MARKET, ONCE, OWN, allow

# Files
allow(
    "upload_file",
    scope="files:write",
    seller_staff=MARKET,
    buyer_staff=MARKET,
    broker=MARKET,
    expert=MARKET,
    operator=MARKET,
)
allow("get_file", "download_file", scope="files:read", everyone=True)

# Identity
allow("issue_token", "revoke_token", scope="", everyone=True)
allow("register_party", scope="", everyone=True, key=ONCE)
allow(
    "who_am_i",
    scope="identity:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    expert=OWN,
    operator=OWN,
    auditor=OWN,
    partner=OWN,
)
allow("list_parties", scope="identity:read", operator=MARKET, auditor=MARKET)
allow(
    "get_party",
    scope="identity:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    expert=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("verify_party", scope="identity:write", key=ONCE, operator=MARKET)
allow("add_member", scope="identity:write", operator=MARKET)
allow("create_client", scope="identity:write", operator=MARKET)
allow("revoke_client", scope="identity:write", key=ONCE, operator=MARKET)

# Markets
allow(
    "list_markets",
    "get_market",
    "get_clock",
    "list_policies",
    "list_selection_terms",
    "list_sessions",
    "get_session",
    "list_code_tables",
    "get_code_table",
    scope="",
    everyone=True,
)
allow(
    "create_policy",
    "create_selection_terms",
    "create_session",
    scope="markets:write",
    key=ONCE,
    operator=MARKET,
)
allow("move_clock", scope="markets:write", operator=MARKET)

# Partners
allow("list_events", scope="events:read", operator=MARKET, auditor=MARKET, partner=MARKET)
