"""Roadshows and deal rooms."""

from app.permissions.table import MARKET, MUST, ONCE, OWN, allow

# Roadshows and deal rooms
allow("list_roadshows", "get_roadshow", scope="", everyone=True)
allow(
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
allow(
    "sign_up",
    "sign_off",
    "note_interest",
    scope="roadshows:attend",
    key=ONCE,
    seller_staff=MARKET,
    buyer_staff=MARKET,
    broker=MARKET,
)
allow(
    "list_signups",
    scope="roadshows:read",
    seller_staff=MARKET,
    buyer_staff=MARKET,
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow("list_interests", scope="roadshows:read", operator=MARKET, auditor=MARKET)
allow(
    "request_deal_room", scope="rooms:write", key=ONCE, buyer_staff=OWN, broker=OWN, operator=MARKET
)
# A broker may belong to the buyer; staff read what they may know (LS88).
allow(
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
allow("answer_deal_room", scope="rooms:write", key=ONCE, seller_staff=OWN)
allow(
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
allow(
    "make_room_offer",
    "accept_room_offer",
    "decline_room_offer",
    "withdraw_room_offer",
    scope="rooms:write",
    key=MUST,
    seller_staff=OWN,
    buyer_staff=OWN,
)
allow("get_service_clocks", scope="rooms:read", operator=MARKET, auditor=MARKET)
