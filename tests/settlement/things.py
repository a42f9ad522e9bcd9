"""Objects of settlement for the walk over all permissions."""

from app.demo.api import Api, Who
from app.shared.ids import PartyId
from tests.listings.factories import yuan
from tests.settlement.charged import PROGRAMME


async def put_voucher(api: Api, operator: Who, holder_id: PartyId) -> str:
    """Issue a voucher of a new programme to a party; return its id."""
    programme = await api.post(operator, "/v1/voucher-programmes", PROGRAMME)
    body = {
        "programme_id": programme["id"],
        "number": "CXQ-2026-0001",
        "holder_id": str(holder_id),
        "face": yuan("1000.00"),
    }
    voucher = await api.post(operator, "/v1/vouchers", body)
    return str(voucher["id"])
