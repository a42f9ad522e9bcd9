"""The facts of a 拍卖, as they come in."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from app.auctions.domain.licence import Licence
from app.platform.schema import Body, Instant, Line


def _of_our_time(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2200:  # a week more or less must stay a moment
        raise ValueError("the moment must lie in the years 2000 to 2199")
    return moment


Moment = Annotated[Instant, AfterValidator(_of_our_time)]


class LicenceBody(Body):
    """Who holds the 拍卖, and how it is announced and shown."""

    company: Annotated[Line, Field(description="The auction company")]
    company_licence: Annotated[Line, Field(description="拍卖经营批准证书")]
    auctioneer: Line
    auctioneer_licence: Annotated[Line, Field(description="拍卖师执业资格证书")]
    notice_published_at: Annotated[Moment, Field(description="Seven days before the opening")]
    notice_medium: Annotated[Line, Field(description="Where it was announced")]
    display_from: Moment
    display_until: Annotated[Moment, Field(description="Two days later, before the opening")]
    display_place: Line

    def licence(self) -> Licence:
        """Return the domain's facts."""
        return Licence(**{name: getattr(self, name) for name in type(self).model_fields})
