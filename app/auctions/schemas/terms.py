"""Terms of an auction, as they are sent and published."""

from typing import Annotated, Any

from pydantic import Field

from app.auctions.domain.terms import (
    Criterion,
    Direction,
    Format,
    Kind,
    PriorityMode,
    Sealing,
    Terms,
)
from app.platform.schema import Body, MoneyJson, PositiveMoney, View
from app.shared.sealing import ShareHolder

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Seconds = Annotated[int, Field(ge=0, le=366 * 24 * 3600)]
ShortText = Annotated[str, Field(min_length=1, max_length=100)]


class CriterionBody(Body):
    """A published non-price criterion."""

    name: ShortText
    weight_bp: Annotated[int, Field(ge=0, le=10_000, description="Basis points of the whole")]


class ShareHolderBody(Body):
    """Who keeps one share of each sealed bid's key."""

    name: ShortText
    public_key: Annotated[str, Field(max_length=100, description="X25519, base64url")]


class TermsBody(Body):
    """Terms of an auction; what its format does not know stays null."""

    format: Format
    start: PositiveMoney
    direction: Direction = Direction.UP
    kind: Kind = Kind.ONLINE_BIDDING
    step: Annotated[PositiveMoney | None, Field(description="加价幅度")] = None
    steps_max: Annotated[Count | None, Field(description="Most steps a bid; null: no cap")] = None
    reserve: Annotated[PositiveMoney | None, Field(description="Published; null: the start")] = None
    reserve_secret: Annotated[bool, Field(description="The seller deposits one")] = False
    free_phase_s: Annotated[Seconds | None, Field(description="Free phase 自由竞价期")] = None
    window_s: Annotated[Seconds | None, Field(description="Timed window 限时竞价期")] = None
    extensions_max: Annotated[Count | None, Field(description="Null: no cap")] = None
    round_s: Annotated[Seconds | None, Field(description="Sealed bids are taken so long")] = None
    rounds: Count | None = None
    gap_s: Annotated[Seconds | None, Field(description="Between two rounds")] = None
    eliminate: Annotated[Count | None, Field(description="Bidders who leave a round")] = None
    interval_s: Annotated[Seconds | None, Field(description="A Dutch price stands so long")] = None
    criteria: Annotated[tuple[CriterionBody, ...] | None, Field(max_length=20)] = None
    sealing: Sealing | None = None
    holders: Annotated[tuple[ShareHolderBody, ...] | None, Field(max_length=9)] = None
    threshold: Annotated[Count | None, Field(description="Shares that open a bid")] = None
    priority_mode: Annotated[PriorityMode, Field(description="优先购买权的行使方式")] = (
        PriorityMode.NONE
    )
    priority_window_s: Seconds | None = None
    fault_tolerance_s: Annotated[Seconds, Field(description="Longest absence at the end")] = 10
    resumption_notice_s: Annotated[Seconds, Field(description="Announced before resuming")] = 600
    standby_count: Annotated[Count, Field(description="候补: next bidders kept ready")] = 0
    silent_forfeits: Annotated[bool, Field(description="All silent: deposits are lost")] = False

    def terms(self) -> Terms:
        """Return the domain's terms."""
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        if self.criteria is not None:
            values["criteria"] = tuple(
                Criterion(item.name, item.weight_bp) for item in self.criteria
            )
        if self.holders is not None:
            values["holders"] = tuple(
                ShareHolder(item.name, item.public_key) for item in self.holders
            )
        return Terms(**values)


class CriterionView(View):
    """A published non-price criterion."""

    name: str
    weight_bp: int


class ShareHolderView(View):
    """Who keeps one share of each sealed bid's key."""

    name: str
    public_key: str


class TermsView(View):
    """Published terms."""

    format: Format
    start: MoneyJson
    direction: Direction
    kind: Kind
    step: MoneyJson | None
    steps_max: int | None
    reserve: MoneyJson | None
    reserve_secret: bool
    free_phase_s: int | None
    window_s: int | None
    extensions_max: int | None
    round_s: int | None
    rounds: int | None
    gap_s: int | None
    eliminate: int | None
    interval_s: int | None
    criteria: tuple[CriterionView, ...] | None
    sealing: Sealing | None
    holders: tuple[ShareHolderView, ...] | None
    threshold: int | None
    priority_mode: PriorityMode
    priority_window_s: int | None
    fault_tolerance_s: int
    resumption_notice_s: int
    standby_count: int
    silent_forfeits: bool
