"""Selection and the shelf over HTTP."""

from uuid import UUID

from app.listings.domain.achievement import AchievementTrigger
from app.listings.endpoints.paging import before, following
from app.listings.schemas.achievements import AchievementBody, AchievementView
from app.listings.schemas.selection import (
    AchievementReview,
    AppointmentsView,
    AppointmentView,
    ConfirmationsBody,
    ConfirmationsView,
    ExpertsBody,
    FirstCheckBody,
    GateView,
    OpinionBody,
    SelectionView,
    TaskView,
    WithdrawalBody,
)
from app.listings.service import judging, selecting, shelf
from app.listings.service.achievements import check_own_content
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page
from app.shared.ids import AchievementId, MembershipId, OpinionId

routes = router(tag="selection")


@routes.post("/achievements/check")
async def check_achievement(
    body: AchievementBody, actor: ActorDep, session: SessionDep
) -> GateView:
    """Tell what buyers will miss in a result, before it is collected; nothing is stored.

    What would be refused at collection is refused here, too, with every fault.
    """
    now = await market_now(session, actor.market_id)
    content = body.content()
    await check_own_content(session, actor.party_id, content, now=now)
    return GateView.of(selecting.check_quality(content, now=now))


@routes.post("/achievements/confirmations")
async def confirm_achievements(
    body: ConfirmationsBody, actor: ActorDep, session: SessionDep
) -> ConfirmationsView:
    """Confirm that many entries still hold; each one that cannot be confirmed says why."""
    return ConfirmationsView.of(
        await shelf.confirm_achievements(
            session,
            actor,
            [AchievementId(achievement_id) for achievement_id in body.ids],
            now=await market_now(session, actor.market_id),
        )
    )


@routes.get("/achievements/{achievement_id}/gate")
async def get_gate(achievement_id: UUID, actor: ActorDep, session: SessionDep) -> GateView:
    """Tell what buyers will miss in an achievement as of today."""
    now = await market_now(session, actor.market_id)
    return GateView.of(
        await selecting.read_gate(session, actor, AchievementId(achievement_id), now=now)
    )


@routes.post("/achievements/{achievement_id}/submission")
async def submit_achievement(
    achievement_id: UUID, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Submit a draft, or what was returned and mended, to the first check 初审."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of_seen(
        await selecting.submit_achievement(session, actor, AchievementId(achievement_id), now=now),
        actor.viewer,
    )


@routes.post("/achievements/{achievement_id}/first-check")
async def first_check(
    achievement_id: UUID, body: FirstCheckBody, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Pass a submitted achievement on to the experts, return it to be mended, or refuse it."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of_seen(
        await selecting.first_check(
            session,
            actor,
            AchievementId(achievement_id),
            outcome=body.outcome,
            reason=body.reason,
            now=now,
        ),
        actor.viewer,
    )


@routes.post("/achievements/{achievement_id}/experts", status_code=201)
async def appoint_experts(
    achievement_id: UUID, body: ExpertsBody, actor: ActorDep, session: SessionDep
) -> AppointmentsView:
    """Ask experts to judge what passed the first check: all of them or none.

    Nobody is asked who is of the owner's unit, under one control with it, or a completer.
    """
    found = await judging.appoint_experts(
        session,
        actor,
        AchievementId(achievement_id),
        [MembershipId(membership_id) for membership_id in body.membership_ids],
        now=await market_now(session, actor.market_id),
    )
    return AppointmentsView.of(list(found))


@routes.post("/achievements/{achievement_id}/opinion", status_code=201)
async def give_opinion(
    achievement_id: UUID, body: OpinionBody, actor: ActorDep, session: SessionDep
) -> AppointmentView:
    """Give the caller's opinion as an appointed expert, once and in time."""
    return AppointmentView.model_validate(
        await judging.give_opinion(
            session,
            actor,
            AchievementId(achievement_id),
            body.plain(),
            now=await market_now(session, actor.market_id),
        )
    )


@routes.get("/achievements/{achievement_id}/selection")
async def get_selection(
    achievement_id: UUID, actor: ActorDep, session: SessionDep
) -> SelectionView:
    """Return an achievement's selection: staff read everything, an appointed expert the content.

    The owner reads the opinions without names once the achievement was decided.
    """
    now = await market_now(session, actor.market_id)
    return SelectionView.of(
        await judging.read_selection(session, actor, AchievementId(achievement_id), now=now),
        actor.viewer,
    )


@routes.get("/selection-appointments")
async def list_appointments(
    actor: ActorDep, session: SessionDep, cursor: str | None = None, limit: Limit = 50
) -> Page[TaskView]:
    """List what the caller was asked to judge, newest first."""
    below = before(cursor)
    found = await judging.list_appointments(
        session, actor, before=None if below is None else OpinionId(below), limit=limit + 1
    )
    return Page(
        items=[TaskView.of(appointment, title) for appointment, title in found[:limit]],
        next=following([appointment.id for appointment, _ in found], limit),
    )


@routes.post("/achievements/{achievement_id}/review")
async def review_achievement(
    achievement_id: UUID, body: AchievementReview, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Accept, return or refuse an achievement; whoever returns or refuses says why.

    Before the experts enough opinions must have come, and an acceptance against at least half
    of them says why.
    """
    trigger = AchievementTrigger.RETURN if body.mend else AchievementTrigger.REFUSE
    now = await market_now(session, actor.market_id)
    return AchievementView.of_seen(
        await selecting.review_achievement(
            session,
            actor,
            AchievementId(achievement_id),
            trigger=AchievementTrigger.ACCEPT if body.accepted else trigger,
            reason=body.reason,
            now=now,
        ),
        actor.viewer,
    )


@routes.post("/achievements/{achievement_id}/confirmation")
async def confirm_achievement(
    achievement_id: UUID, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Confirm that an entry still holds: its shelf life begins anew, a stale one comes back."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of_seen(
        await shelf.confirm_achievement(session, actor, AchievementId(achievement_id), now=now),
        actor.viewer,
    )


@routes.post("/achievements/{achievement_id}/withdrawal")
async def withdraw_achievement(
    achievement_id: UUID, body: WithdrawalBody, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Take an achievement back for good; not while a listing offers it."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of_seen(
        await shelf.withdraw_achievement(
            session, actor, AchievementId(achievement_id), reason=body.reason, now=now
        ),
        actor.viewer,
    )
