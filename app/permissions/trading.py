"""Auctions."""

from app.permissions.table import MARKET, MUST, ONCE, OWN, allow

# Auctions
allow("list_auctions", "get_auction", "list_bids", "get_session_results", scope="", everyone=True)
allow("get_room", "stream_room", scope="", everyone=True)
allow("get_proof", "list_chain_heads", scope="", everyone=True)
allow("get_awards", scope="", everyone=True)
allow("get_mine", scope="auctions:read", buyer_staff=MARKET, seller_staff=MARKET)
allow(
    "create_auction",
    "set_bidding_plan",
    "set_demand_bidding_plan",
    scope="auctions:write",
    key=ONCE,
    operator=MARKET,
)
# Who offers work may be staff of a seller: it bids in auctions of demands, see AU95.
allow(
    "place_bid",
    "set_limit",
    scope="auctions:bid",
    key=MUST,
    buyer_staff=MARKET,
    seller_staff=MARKET,
)
allow("match_price", scope="auctions:bid", key=MUST, buyer_staff=MARKET)
allow("place_floor_bid", scope="auctions:write", key=MUST, operator=MARKET)
allow("confirm_auction", scope="auctions:write", key=MUST, operator=MARKET)
allow(
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
allow("deposit_reserve", scope="auctions:write", key=MUST, seller_staff=OWN)
allow(
    "list_priority_holders",
    scope="auctions:read",
    buyer_staff=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow("list_sealed_bids", "get_opening", scope="", everyone=True)
allow("hand_in_shares", scope="auctions:open", key=MUST, operator=MARKET, auditor=MARKET)
allow("waive_priority", "answer_standby", scope="auctions:bid", key=MUST, buyer_staff=MARKET)
