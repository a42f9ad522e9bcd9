"""The permission table: every route, every role, how far.

A role that a row does not name has no access. ``tests/test_permissions.py`` walks every route
with every role against objects of its own, of another party and of another market.
"""

from collections.abc import Mapping
from typing import Final

from app.platform.access import PUBLIC, KeyUse, Permission, Reach, Role

_ROUTES: dict[str, Permission] = {}


def _allow(
    *routes: str,
    scope: str,
    key: KeyUse = KeyUse.NONE,
    everyone: bool = False,
    every_role_own: bool = False,
    **roles: Reach,
) -> None:
    reach = dict(PUBLIC.reach) if everyone else {}
    if every_role_own:
        reach = {role: Reach.OWN for role in Role if role is not Role.ANONYMOUS}
    reach |= {Role(name): how for name, how in roles.items()}
    for route in routes:
        if route in _ROUTES:
            raise ValueError(f"{route} stands in the table twice")
        _ROUTES[route] = Permission(reach=reach, scope=None if everyone else scope, key=key)


OWN, MARKET, ANY = Reach.OWN, Reach.MARKET, Reach.ANY
ONCE, MUST = KeyUse.OPTIONAL, KeyUse.REQUIRED

# Files
_allow(
    "upload_file",
    scope="files:write",
    seller_staff=MARKET,
    buyer_staff=MARKET,
    broker=MARKET,
    expert=MARKET,
    operator=MARKET,
)
_allow("get_file", "download_file", scope="files:read", everyone=True)

# Identity
_allow("issue_token", "revoke_token", scope="", everyone=True)
_allow("register_party", scope="", everyone=True, key=ONCE)
_allow(
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
_allow("list_parties", scope="identity:read", operator=MARKET, auditor=MARKET)
_allow(
    "get_party",
    scope="identity:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    expert=OWN,
    operator=MARKET,
    auditor=MARKET,
)
_allow("verify_party", scope="identity:write", key=ONCE, operator=MARKET)
_allow("add_member", scope="identity:write", operator=MARKET)
_allow("create_client", scope="identity:write", operator=MARKET)
_allow("revoke_client", scope="identity:write", key=ONCE, operator=MARKET)

# Markets
_allow(
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
_allow(
    "create_policy",
    "create_selection_terms",
    "create_session",
    scope="markets:write",
    key=ONCE,
    operator=MARKET,
)
_allow("move_clock", scope="markets:write", operator=MARKET)

# Listings
_allow(
    "list_achievements",
    "get_achievement",
    "list_versions",
    "get_version",
    "get_import_template",
    "list_listings",
    "get_listing",
    "list_listing_notices",
    "search_achievements",
    "search_listings",
    "list_notices",
    "get_notice",
    scope="",
    everyone=True,
)
_allow(
    "save_search", "delete_saved_search", scope="searches:write", key=ONCE, every_role_own=True
)
_allow("list_saved_searches", scope="searches:read", every_role_own=True)
_allow("list_notifications", scope="notifications:read", every_role_own=True)
_allow("read_notification", scope="notifications:write", key=ONCE, every_role_own=True)
# An import is recognised by its rows, not by a key.
_allow("import_achievements", scope="listings:write", seller_staff=OWN)
_allow(
    "get_import",
    "download_import_report",
    scope="listings:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
_allow("edit_achievement", scope="listings:write", key=ONCE, seller_staff=OWN)
_allow("collect_achievement", scope="listings:write", key=ONCE, seller_staff=OWN)
_allow(
    "submit_achievement",
    "confirm_achievement",
    "confirm_achievements",
    "withdraw_achievement",
    scope="listings:write",
    key=ONCE,
    seller_staff=OWN,
)
_allow(
    "first_check",
    "appoint_experts",
    "review_achievement",
    scope="listings:write",
    key=ONCE,
    operator=MARKET,
)
_allow("give_opinion", scope="listings:judge", key=ONCE, expert=MARKET)
_allow("list_appointments", scope="listings:judge", expert=OWN)
_allow("check_achievement", scope="listings:read", seller_staff=OWN)
_allow("get_gate", scope="listings:read", seller_staff=OWN, operator=MARKET, auditor=MARKET)
_allow(
    "get_selection",
    scope="listings:read",
    seller_staff=OWN,
    expert=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
_allow("draft_listing", scope="listings:write", key=ONCE, seller_staff=OWN, operator=MARKET)
_allow("publish_listing", scope="listings:write", key=ONCE, operator=MARKET)
_allow(
    "change_listing",
    "suspend_listing",
    "resume_listing",
    "terminate_listing",
    scope="listings:write",
    key=MUST,
    operator=MARKET,
)
_allow("withdraw_listing", scope="listings:write", key=MUST, seller_staff=OWN, operator=MARKET)
_allow("register_buyer", scope="listings:write", key=ONCE, buyer_staff=MARKET)
_allow("list_registrations", "list_flags", scope="listings:read", operator=MARKET, auditor=MARKET)
_allow("get_registration", scope="listings:read", buyer_staff=OWN, operator=MARKET, auditor=MARKET)
_allow("qualify_registration", scope="listings:write", key=ONCE, operator=MARKET)
_allow("record_deposit", scope="listings:write", key=MUST, operator=MARKET)
_allow("withdraw_registration", scope="listings:write", key=MUST, buyer_staff=OWN)
_allow(
    "offer_price",
    "waive_right",
    "exercise_right",
    scope="listings:write",
    key=MUST,
    buyer_staff=MARKET,
)
_allow(
    "get_offer",
    "list_right_holders",
    scope="listings:read",
    buyer_staff=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
_allow("record_right_holder", "state_rights", scope="listings:write", key=MUST, operator=MARKET)

# Agreements and objections
_allow("consent_to_agreement", scope="listings:write", key=MUST, buyer_staff=MARKET)
_allow("record_unit_notice", scope="listings:write", key=ONCE, seller_staff=OWN, operator=MARKET)
_allow("publish_procedure", scope="listings:write", key=ONCE, seller_staff=MARKET, operator=MARKET)
_allow("list_procedures", "list_objections", scope="", everyone=True)
_allow(
    "get_proposal",
    scope="listings:read",
    seller_staff=OWN,
    buyer_staff=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
# Anyone may object; who signs in can take the objection back.
_allow(
    "file_objection",
    scope="listings:object",
    key=ONCE,
    anonymous=ANY,
    seller_staff=ANY,
    buyer_staff=ANY,
    broker=ANY,
    expert=ANY,
    operator=ANY,
    auditor=ANY,
    partner=ANY,
)
_allow("decide_objection", scope="listings:write", key=MUST, seller_staff=OWN, operator=MARKET)
_allow(
    "withdraw_objection",
    scope="listings:object",
    key=MUST,
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    expert=OWN,
    partner=OWN,
)

# Roadshows and deal rooms
_allow("list_roadshows", "get_roadshow", scope="", everyone=True)
_allow(
    "create_roadshow",
    "change_roadshow",
    "announce_roadshow",
    "hold_roadshow",
    "cancel_roadshow",
    "record_attendance",
    scope="roadshows:write",
    key=ONCE,
    operator=MARKET,
)
_allow(
    "sign_up",
    "sign_off",
    "note_interest",
    scope="roadshows:attend",
    key=ONCE,
    seller_staff=MARKET,
    buyer_staff=MARKET,
    broker=MARKET,
)
_allow(
    "list_signups",
    scope="roadshows:read",
    seller_staff=MARKET,
    buyer_staff=MARKET,
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
_allow("list_interests", scope="roadshows:read", operator=MARKET, auditor=MARKET)
_allow(
    "request_deal_room", scope="rooms:write", key=ONCE, buyer_staff=OWN, broker=OWN, operator=MARKET
)
# A broker may belong to the buyer; staff read what they may know (LS88).
_allow(
    "list_deal_rooms",
    "get_deal_room",
    "list_messages",
    "list_room_documents",
    "list_meetings",
    "list_room_offers",
    scope="rooms:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    operator=MARKET,
    auditor=MARKET,
)
_allow("answer_deal_room", scope="rooms:write", key=ONCE, seller_staff=OWN)
_allow(
    "accept_nda",
    "close_deal_room",
    "ask_mediation",
    "send_message",
    "add_room_document",
    "record_meeting",
    scope="rooms:write",
    key=ONCE,
    seller_staff=OWN,
    buyer_staff=OWN,
)
_allow(
    "make_room_offer",
    "accept_room_offer",
    "decline_room_offer",
    "withdraw_room_offer",
    scope="rooms:write",
    key=MUST,
    seller_staff=OWN,
    buyer_staff=OWN,
)
_allow("get_service_clocks", scope="rooms:read", operator=MARKET, auditor=MARKET)

# Evaluations
_allow(
    "list_evaluation_schemes",
    "get_evaluation_scheme",
    "list_evaluations",
    "get_evaluation",
    "get_evaluation_report",
    "get_evaluation_report_pdf",
    scope="",
    everyone=True,
)
_allow(
    "open_evaluation",
    scope="evaluations:write",
    key=ONCE,
    seller_staff=OWN,
    operator=MARKET,
)
_allow("publish_evaluation", scope="evaluations:write", key=ONCE, seller_staff=OWN)
_allow(
    "appoint_panel",
    "replace_expert",
    "begin_scoring",
    "open_scores",
    "cancel_evaluation",
    scope="evaluations:write",
    key=ONCE,
    operator=MARKET,
)
_allow(
    "declare_interest",
    "hand_in_scores",
    "conclude_evaluation",
    scope="evaluations:judge",
    key=ONCE,
    expert=MARKET,
)
_allow("explain_outliers", scope="evaluations:judge", key=ONCE, expert=MARKET, operator=MARKET)
_allow("list_evaluation_experts", scope="evaluations:read", operator=MARKET, auditor=MARKET)
_allow("state_market_view", scope="evaluations:judge", key=ONCE, buyer_staff=MARKET, broker=MARKET)
_allow(
    "get_market_evaluation",
    scope="evaluations:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
_allow(
    "list_market_views",
    scope="evaluations:read",
    buyer_staff=MARKET,
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)

# Valuations
_allow(
    "open_valuation",
    scope="valuations:value",
    key=ONCE,
    seller_staff=OWN,
    expert=MARKET,
    operator=MARKET,
)
_allow(
    "try_valuation",
    scope="valuations:value",
    seller_staff=MARKET,
    expert=MARKET,
    operator=MARKET,
)
_allow(
    "replace_valuation",
    "sign_valuation",
    "revoke_valuation",
    scope="valuations:value",
    key=ONCE,
    seller_staff=OWN,
    expert=OWN,
    operator=MARKET,
)
_allow(
    "list_valuations",
    "list_comparables",
    scope="valuations:read",
    seller_staff=MARKET,
    expert=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
_allow(
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
_allow("give_comparable", scope="valuations:write", key=ONCE, operator=MARKET)

# Demands
_allow("list_demands", "get_demand", scope="", everyone=True)
_allow("submit_demand", scope="demands:write", key=ONCE, buyer_staff=OWN)
_allow("review_demand", scope="demands:write", key=ONCE, operator=MARKET)

# Auctions
_allow("list_auctions", "get_auction", "list_bids", "get_session_results", scope="", everyone=True)
_allow("get_room", "stream_room", scope="", everyone=True)
_allow("get_proof", "list_chain_heads", scope="", everyone=True)
_allow("get_awards", scope="", everyone=True)
_allow("get_mine", scope="auctions:read", buyer_staff=MARKET)
_allow("create_auction", "set_bidding_plan", scope="auctions:write", key=ONCE, operator=MARKET)
_allow("place_bid", "set_limit", "match_price", scope="auctions:bid", key=MUST, buyer_staff=MARKET)
_allow("place_floor_bid", scope="auctions:write", key=MUST, operator=MARKET)
_allow("confirm_auction", scope="auctions:write", key=MUST, operator=MARKET)
_allow(
    "pause_auction",
    "announce_resumption",
    "cancel_auction",
    "annul_auction",
    "notify_priority_holder",
    "score_bids",
    scope="auctions:write",
    key=MUST,
    operator=MARKET,
)
_allow("deposit_reserve", scope="auctions:write", key=MUST, seller_staff=OWN)
_allow(
    "list_priority_holders",
    scope="auctions:read",
    buyer_staff=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
_allow("list_sealed_bids", "get_opening", scope="", everyone=True)
_allow("hand_in_shares", scope="auctions:open", key=MUST, operator=MARKET, auditor=MARKET)
_allow("waive_priority", "answer_standby", scope="auctions:bid", key=MUST, buyer_staff=MARKET)

# Settlement and ledger
_allow(
    "list_deals",
    "get_deal",
    scope="settlement:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
_allow("fix_contract", scope="settlement:write", key=ONCE, seller_staff=OWN, operator=MARKET)
_allow(
    "record_payment",
    "record_signing",
    "declare_default",
    scope="settlement:write",
    key=MUST,
    operator=MARKET,
)
_allow(
    "get_registration_sheet",
    scope="settlement:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
_allow(
    "list_accounts",
    "list_postings",
    scope="ledger:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
_allow("get_trial_balance", scope="ledger:read", operator=MARKET, auditor=MARKET)

# Partners
_allow("list_events", scope="events:read", operator=MARKET, auditor=MARKET, partner=MARKET)

PERMISSIONS: Final[Mapping[str, Permission]] = _ROUTES


def scopes_of(role: Role) -> frozenset[str]:
    """Return all scopes that a role can use; a token asks for them or for fewer."""
    return frozenset(
        rule.scope for rule in PERMISSIONS.values() if rule.scope and role in rule.reach
    )
