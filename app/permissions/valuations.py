"""Evaluations, valuations and dossiers."""

from app.permissions.table import MARKET, ONCE, OWN, allow

# Evaluations
allow(
    "list_evaluation_schemes",
    "get_evaluation_scheme",
    "list_evaluations",
    "get_evaluation",
    "get_evaluation_report",
    "get_evaluation_report_pdf",
    scope="",
    everyone=True,
)
allow(
    "open_evaluation",
    scope="evaluations:write",
    key=ONCE,
    seller_staff=OWN,
    operator=MARKET,
)
allow("publish_evaluation", scope="evaluations:write", key=ONCE, seller_staff=OWN)
allow(
    "appoint_panel",
    "replace_expert",
    "begin_scoring",
    "open_scores",
    "cancel_evaluation",
    scope="evaluations:write",
    key=ONCE,
    operator=MARKET,
)
allow(
    "declare_interest",
    "hand_in_scores",
    "conclude_evaluation",
    scope="evaluations:judge",
    key=ONCE,
    expert=MARKET,
)
allow("explain_outliers", scope="evaluations:judge", key=ONCE, expert=MARKET, operator=MARKET)
allow("list_evaluation_experts", scope="evaluations:read", operator=MARKET, auditor=MARKET)
allow("state_market_view", scope="evaluations:judge", key=ONCE, buyer_staff=MARKET, broker=MARKET)
allow(
    "get_market_evaluation",
    scope="evaluations:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "list_market_views",
    scope="evaluations:read",
    buyer_staff=MARKET,
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)

# Valuations
allow(
    "open_valuation",
    scope="valuations:value",
    key=ONCE,
    seller_staff=OWN,
    expert=MARKET,
    operator=MARKET,
)
allow(
    "try_valuation",
    scope="valuations:value",
    seller_staff=MARKET,
    expert=MARKET,
    operator=MARKET,
)
allow(
    "replace_valuation",
    "sign_valuation",
    "revoke_valuation",
    scope="valuations:value",
    key=ONCE,
    seller_staff=OWN,
    expert=OWN,
    operator=MARKET,
)
allow(
    "list_valuations",
    "list_comparables",
    scope="valuations:read",
    seller_staff=MARKET,
    expert=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "get_valuation",
    "get_valuation_report",
    "get_valuation_report_pdf",
    "verify_valuation",
    scope="valuations:read",
    seller_staff=OWN,
    expert=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("give_comparable", scope="valuations:write", key=ONCE, operator=MARKET)

# Dossiers
allow(
    "create_dossier",
    scope="dossiers:write",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "list_dossiers",
    "download_dossier",
    scope="dossiers:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
