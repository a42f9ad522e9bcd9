"""The bidding plan of a posted listing or a demand, as it is sent and published."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.auctions.domain.plan import OPENS_AFTER_MAX
from app.auctions.schemas.terms import TermsBody, TermsView
from app.platform.schema import Body, MoneyJson, View


class BiddingPlanBody(Body):
    """How bids are taken if two buyers or more qualify; 网络竞价 only."""

    terms: TermsBody
    opens_after: Annotated[
        int,
        Field(
            ge=1,
            le=OPENS_AFTER_MAX,
            description="Working days from the hand-over to the opening",
        ),
    ] = 3
    opening_hour: Annotated[int, Field(ge=0, le=23, description="In Asia/Shanghai")] = 9


class BiddingPlanView(View):
    """The plan that the notice will publish."""

    listing_id: UUID
    terms: TermsView
    opens_after: int
    opening_hour: int


class DemandBiddingPlanView(View):
    """The plan that the posting will publish."""

    demand_id: UUID
    terms: TermsView
    ceiling: Annotated[MoneyJson, Field(description="Nobody wins above it")]
    opens_after: int
    opening_hour: int
