"""Deposits' lives over HTTP, and the finding that costs one."""

from uuid import UUID

from app.listings.domain.deposit import DepositState, ForfeitureGround
from app.listings.endpoints.paging import before, following
from app.listings.repository import deposits as repository
from app.listings.schemas.deposits import DepositSummary, DepositView, ForfeitureFinding
from app.listings.schemas.registrations import RegistrationView
from app.listings.service import deposit_lives, excluding
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page
from app.shared.ids import RegistrationId

routes = router(tag="registrations")


@routes.get("/deposits")
async def list_deposits(
    actor: ActorDep,
    session: SessionDep,
    state: DepositState | None = None,
    overdue: bool = False,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DepositSummary]:
    """List the market's deposits, newest registration first, by state.

    ``overdue``: only those that the bank should have paid back by now.
    """
    found = await repository.page_of_deposits(
        session,
        market_id=actor.market_id,
        state=state,
        overdue_at=await market_now(session, actor.market_id) if overdue else None,
        before=before(cursor),
        limit=limit + 1,
    )
    return Page(
        items=[DepositSummary.of(deposit) for deposit in found[:limit]],
        next=following([deposit.registration_id for deposit in found], limit),
    )


@routes.get("/registrations/{registration_id}/deposit")
async def get_deposit(registration_id: UUID, actor: ActorDep, session: SessionDep) -> DepositView:
    """Return a deposit's life: due, arrived, held, converted, returned or lost, with its moments.

    With the forfeiture terms that the party had been shown, their hash, who accepted them, when.
    """
    now = await market_now(session, actor.market_id)
    return DepositView.whole(
        await deposit_lives.read_deposit(session, RegistrationId(registration_id), now=now)
    )


@routes.post("/registrations/{registration_id}/forfeiture")
async def exclude_buyer(
    registration_id: UUID, body: ForfeitureFinding, actor: ActorDep, session: SessionDep
) -> RegistrationView:
    """Exclude a buyer for false material or collusion; its held deposit is lost.

    The other grounds take effect by themselves: withdrawal, silence of all, or the default of a
    deal. A winner's deposit is lost by its deal's default, which knows these grounds, too.
    """
    excluded = await excluding.exclude_buyer(
        session,
        actor,
        RegistrationId(registration_id),
        ground=ForfeitureGround(body.ground),
        finding=body.finding,
        now=await market_now(session, actor.market_id),
    )
    return RegistrationView.model_validate(excluded)
