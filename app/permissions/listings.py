"""Results and listings: collection, selection, the three pricing modes."""

from app.permissions.table import ANY, MARKET, MUST, ONCE, OWN, allow

# Listings
allow(
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
allow("save_search", "delete_saved_search", scope="searches:write", key=ONCE, every_role_own=True)
allow("list_saved_searches", scope="searches:read", every_role_own=True)
allow("list_notifications", scope="notifications:read", every_role_own=True)
allow("read_notification", scope="notifications:write", key=ONCE, every_role_own=True)
# An import is recognised by its rows, not by a key.
allow("import_achievements", scope="listings:write", seller_staff=OWN)
allow(
    "get_import",
    "download_import_report",
    scope="listings:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("edit_achievement", scope="listings:write", key=ONCE, seller_staff=OWN)
allow("collect_achievement", scope="listings:write", key=ONCE, seller_staff=OWN)
allow(
    "submit_achievement",
    "confirm_achievement",
    "confirm_achievements",
    "withdraw_achievement",
    scope="listings:write",
    key=ONCE,
    seller_staff=OWN,
)
allow(
    "first_check",
    "appoint_experts",
    "review_achievement",
    scope="listings:write",
    key=ONCE,
    operator=MARKET,
)
allow("give_opinion", scope="listings:judge", key=ONCE, expert=MARKET)
allow("list_appointments", scope="listings:judge", expert=OWN)
allow("check_achievement", scope="listings:read", seller_staff=OWN)
allow("get_gate", scope="listings:read", seller_staff=OWN, operator=MARKET, auditor=MARKET)
allow(
    "get_selection",
    scope="listings:read",
    seller_staff=OWN,
    expert=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow("draft_listing", scope="listings:write", key=ONCE, seller_staff=OWN, operator=MARKET)
allow("publish_listing", scope="listings:write", key=ONCE, operator=MARKET)
allow(
    "change_listing",
    "suspend_listing",
    "resume_listing",
    "terminate_listing",
    scope="listings:write",
    key=MUST,
    operator=MARKET,
)
allow("withdraw_listing", scope="listings:write", key=MUST, seller_staff=OWN, operator=MARKET)
allow("register_buyer", scope="listings:write", key=ONCE, buyer_staff=MARKET)
allow("list_registrations", "list_flags", scope="listings:read", operator=MARKET, auditor=MARKET)
allow("get_registration", scope="listings:read", buyer_staff=OWN, operator=MARKET, auditor=MARKET)
allow("qualify_registration", scope="listings:write", key=ONCE, operator=MARKET)
allow("record_deposit", scope="listings:write", key=MUST, operator=MARKET)
allow("exclude_buyer", scope="listings:write", key=MUST, operator=MARKET)
allow("get_deposit", scope="listings:read", buyer_staff=OWN, operator=MARKET, auditor=MARKET)
allow("list_deposits", scope="listings:read", operator=MARKET, auditor=MARKET)
allow("withdraw_registration", scope="listings:write", key=MUST, buyer_staff=OWN)
allow(
    "offer_price",
    "waive_right",
    "exercise_right",
    scope="listings:write",
    key=MUST,
    buyer_staff=MARKET,
)
allow(
    "get_offer",
    "list_right_holders",
    scope="listings:read",
    buyer_staff=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow("record_right_holder", "state_rights", scope="listings:write", key=MUST, operator=MARKET)

# Agreements and objections
allow("consent_to_agreement", scope="listings:write", key=MUST, buyer_staff=MARKET)
allow("record_unit_notice", scope="listings:write", key=ONCE, seller_staff=OWN, operator=MARKET)
allow("publish_procedure", scope="listings:write", key=ONCE, seller_staff=MARKET, operator=MARKET)
allow("list_procedures", "list_objections", scope="", everyone=True)
allow(
    "get_proposal",
    scope="listings:read",
    seller_staff=OWN,
    buyer_staff=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
# Anyone may object; who signs in can take the objection back.
allow(
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
allow("decide_objection", scope="listings:write", key=MUST, seller_staff=OWN, operator=MARKET)
allow(
    "withdraw_objection",
    scope="listings:object",
    key=MUST,
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    expert=OWN,
    partner=OWN,
)
