"""The demo's settlement: a deal paid, signed, ready to be registered and certified; its income."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from app.demo.show import ten_thousands
from app.platform.signing import verify

if TYPE_CHECKING:
    from app.demo.api import Who
    from app.demo.session import Lot, Session

_SHOWN: Final = ("cn_national", "cn_zhejiang", "equal_thirds", "two_thirds")


async def settle(session: "Session", lot: "Lot", operator: "Who") -> None:
    """Record a deal's payment, contract data and signing; keep its sheet and certificate."""
    api, path = session.api, f"/v1/deals/{lot.deal_id}"
    deal = await api.get(operator, path)
    now = await session.clock()
    today = now.date()
    await api.post(
        operator,
        f"{path}/payments",
        {
            "amount": deal["outstanding"],
            "payer_name": session.names[lot.plan["bids"][-1]["bidder"]],
            "bank_reference": f"JK{lot.deal_id[-12:].upper()}",
            "received_at": now.isoformat(),
        },
    )
    contract = {
        "contract_type": "transfer_patent" if lot.mode == "transfer" else "licence_patent",
        "patent_ends_on": None if lot.mode == "transfer" else f"{today.year + 10}-06-30",
        "technology_amount": deal["price"],
        "signed_on": str(today),
        "starts_on": str(today),
        "ends_on": str(today + timedelta(days=365)),
        "payment_mode": "lump_sum",
        "social_economic_objective": "industry_commerce",
        "related_party": False,
        "in_writing": True,
        "buyer_is_transfer_institution": False,
        "buyer_is_rd_institution": False,
        "buyer_is_converted_institute": False,
    }
    await api.put(operator, f"{path}/contract", contract, etag='"0"')
    lot.sheet = await api.get(operator, f"{path}/registration-sheet")
    await api.post(operator, f"{path}/signing", {"signed_at": now.isoformat()})
    lot.certificate = await api.post(operator, f"{path}/certificates", {"kind": "transaction"})


async def verified_certificates(session: "Session") -> int:
    """Check both forms of every certificate with the published keys, as a bank could."""
    keys = await session.api.get(None, "/.well-known/jwks.json")
    verified = 0
    for lot in session.lots:
        full = verify(lot.certificate["full"]["jws"], keys)
        fact = verify(lot.certificate["public"]["jws"], keys)
        verified += full["number"] == fact["number"] == lot.certificate["number"]
    return verified


async def show_sharing(session: "Session", lot: "Lot") -> None:
    """Show what one deal's income means for the people behind it, scheme by scheme."""
    session.show.doing("收益分配 income sharing")
    asked = {"deal_id": lot.deal_id, "schemes": [{"name": name} for name in _SHOWN]}
    compared = await session.api.post(lot.seller, "/v1/sharing-comparisons", asked)
    told = [f"{outcome['title_zh']} {_to_persons(outcome)}" for outcome in compared["outcomes"]]
    session.show.done(
        f"收益分配测算 what-if: 《{lot.achievement['title']}》个人所得（万元）{'；'.join(told)}"
    )


def _to_persons(outcome: dict[str, Any]) -> str:
    amounts = (Decimal(person["total"]["amount"]) for person in outcome["persons"])
    return ten_thousands(f"{sum(amounts, Decimal()):.2f}")
