"""The steps from a submitted achievement to an open auction, each one public request."""

from typing import Any

from app.demo.api import Api, Who

CONTRACT_TERMS = (
    "成交后3个工作日内签订技术转让合同，转让方交付全部技术资料并提供不少于20人日的现场指导。"
)
PAYMENT_TERMS = "合同生效后5个工作日内一次付清；已付保证金抵作价款。"
BUYER_CONDITIONS = "境内注册的企业法人，具备实施本成果的场地与技术人员，信用记录良好。"
FORFEITURE_TERMS = (
    "缴纳保证金后撤回受让申请、全体竞买人均不报价、成交后3个工作日内不签订合同、"
    "提供虚假材料、相互串通或者不按约付款的，保证金不予退还。"
)


async def accept_achievement(api: Api, seller: Who, operator: Who, body: Any) -> str:
    """Submit an achievement and have it accepted; return its id."""
    made = await api.post(seller, "/v1/achievements", body)
    achievement_id: str = made["id"]
    await api.post(
        operator,
        f"/v1/achievements/{achievement_id}/review",
        {"accepted": True, "reason": "权属清楚，佐证齐全，通过遴选。"},
    )
    return achievement_id


async def draft_listing(
    api: Api,
    seller: Who,
    *,
    achievement_id: str,
    conversion_mode: str,
    start: Any,
    deposit: Any,
    session_id: str | None,
) -> dict[str, Any]:
    """Draft a listing to be priced by bidding; return it."""
    listing: dict[str, Any] = await api.post(
        seller,
        "/v1/listings",
        {
            "achievement_id": achievement_id,
            "pricing_mode": "bidding",
            "conversion_mode": conversion_mode,
            "floor": start,
            "base_price": start,
            "deposit": deposit,
            "contract_terms": CONTRACT_TERMS,
            "payment_terms": PAYMENT_TERMS,
            "buyer_conditions": BUYER_CONDITIONS,
            "forfeiture_terms": FORFEITURE_TERMS,
            "session_id": session_id,
        },
    )
    return listing


async def publish(
    api: Api, operator: Who, listing: dict[str, Any], *, opens_at: str, terms: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Fix the auction and publish the notice; return the auction's id and the listing."""
    auction = await api.post(
        operator,
        "/v1/auctions",
        {"listing_id": listing["id"], "opens_at": opens_at, "terms": terms},
    )
    published = await api.post(operator, f"/v1/listings/{listing['id']}/notice")
    return auction["id"], published


async def become_bidder(
    api: Api, buyer: Who, operator: Who, listing: dict[str, Any], *, name: str, received_at: str
) -> dict[str, Any]:
    """Register a buyer, qualify it, record its deposit; return the registration."""
    registration = await api.post(
        buyer,
        f"/v1/listings/{listing['id']}/registrations",
        {"accepted_terms_hash": listing["notice"]["content_hash"]},
    )
    path = f"/v1/registrations/{registration['id']}"
    await api.post(operator, f"{path}/qualification", {"qualified": True, "reason": None})
    deposited: dict[str, Any] = await api.post(
        operator,
        f"{path}/deposit",
        {
            "amount": listing["deposit"],
            "payer_name": name,
            "bank_reference": f"BZJ{registration['id'][-12:].upper()}",
            "received_at": received_at,
        },
    )
    return deposited
