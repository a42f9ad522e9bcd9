"""Bodies and views of innovation vouchers."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Line, MoneyJson, PositiveMoney, UtcView, View
from app.settlement.domain.voucher import BASIS_POINTS, Programme, VoucherStatus, VoucherUse
from app.shared.ids import MarketId, VoucherProgrammeId, new_id


class ProgrammeBody(Body):
    """A voucher programme as its issuer announced it."""

    name: Line
    issuer: Line = Field(description="发券单位: who is asked to pay")
    region_code: Annotated[str, Field(pattern=r"^\d{6}$")] = Field(
        description="GB/T 2260: the province, city or county in which holders lie"
    )
    valid_from: date
    valid_to: date = Field(description="Last day of use")
    cap: PositiveMoney = Field(description="Highest face value of a voucher")
    year_cap: PositiveMoney = Field(description="Most that a holder uses in a calendar year")
    share_bp: int = Field(
        ge=1, le=BASIS_POINTS, description="Share of what is paid that vouchers may cover"
    )
    uses: list[VoucherUse] = Field(min_length=1, max_length=2)

    def plain(self, market_id: MarketId) -> Programme:
        """Return the domain's value under a new id."""
        return Programme(
            id=VoucherProgrammeId(new_id()),
            market_id=market_id,
            name=self.name,
            issuer=self.issuer,
            region_code=self.region_code,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            cap=self.cap,
            year_cap=self.year_cap,
            share_bp=self.share_bp,
            uses=tuple(sorted(set(self.uses))),
        )


class ProgrammeView(View):
    """A voucher programme."""

    id: UUID
    name: str
    issuer: str
    region_code: str
    valid_from: date
    valid_to: date
    cap: MoneyJson
    year_cap: MoneyJson
    share_bp: int
    uses: list[VoucherUse]


class VoucherBody(Body):
    """A voucher that the issuer gave a party."""

    programme_id: UUID
    number: Line = Field(max_length=60)
    holder_id: UUID
    face: PositiveMoney
    expires_on: date | None = Field(default=None, description="Left out: the programme's last day")


class VoucherView(View):
    """A voucher, and what it pays."""

    id: UUID
    programme_id: UUID
    number: str
    holder_id: UUID
    status: VoucherStatus
    face: MoneyJson
    expires_on: date
    issued_at: UtcView
    deal_id: UUID | None
    charge_number: int | None = Field(description="Null with a deal: a part of its price")
    used: MoneyJson | None
    reserved_at: UtcView | None
    redeemed_at: UtcView | None
    claimed_at: UtcView | None
    settled_at: UtcView | None
    bank_reference: str | None


class Reservation(Body):
    """What a voucher shall pay."""

    deal_id: UUID
    charge_number: int | None = Field(
        default=None, ge=1, le=1000, description="Left out: a part of the price"
    )
    amount: PositiveMoney | None = Field(default=None, description="Left out: all that it may pay")


class VoucherReceipt(Body):
    """The bank's reference of the issuer's payment."""

    bank_reference: Line
