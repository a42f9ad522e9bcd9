"""Route of tax hints: what a seller's year of technology transfers may come under."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router
from app.settlement.domain.tax_hint import hint, relief_of
from app.settlement.repository.tax import received_in
from app.settlement.schemas.tax import TaxHintView
from app.shared.ids import PartyId

routes = router(tag="registration")


@routes.get("/parties/{party_id}/technology-income-relief")
async def get_tax_hint(
    party_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    year: Annotated[int, Query(ge=2008, le=2100, description="Calendar year in Shanghai")],
) -> TaxHintView:
    """Return the hint on income tax relief for a seller's technology transfers of a year.

    Receipts of registered contracts of the listed types, in the part that was recognised as
    technology: exempt up to the yearly limit, the excess taxed by half (企业所得税法实施条例 90).
    Anything unknown blocks the sums. VAT is to be checked and not computed. No advice.
    """
    relief = relief_of(year)
    assert relief is not None  # the query's range begins with the first rules
    incomes = await received_in(session, actor.market_id, PartyId(party_id), year)
    return TaxHintView.of(hint(year, incomes, relief))
