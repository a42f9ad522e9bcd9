"""Challenge events over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Response

from app.demands.domain.challenge import Challenge, etag
from app.demands.domain.demand import may_see
from app.demands.repository import challenge_results, demands
from app.demands.repository import challenges as repository
from app.demands.schemas.challenges import (
    AttachBody,
    AwardBody,
    AwardView,
    ChallengeBody,
    ChallengeDetail,
    ChallengeNoticeView,
    ChallengeSummary,
    ChallengeView,
    FundingBody,
    PrizeFundView,
)
from app.demands.schemas.demands import DemandSummary, ReasonBody
from app.demands.service import challenge_prizes, challenges
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import ChallengeId, DemandId, MarketId, ProposalId

routes = router(tag="challenges")


def _view(challenge: Challenge, response: Response) -> ChallengeView:
    response.headers["ETag"] = etag(challenge)
    return ChallengeView.of(challenge)


def _sequence(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < 2**31:  # INTEGER
        raise ValueError("no sequence")
    return key


@routes.post("/challenges", status_code=201)
async def create_challenge(
    body: ChallengeBody, actor: ActorDep, session: SessionDep, response: Response
) -> ChallengeView:
    """Draft a challenge event; only the market's staff knows it before its announcement."""
    now = await market_now(session, actor.market_id)
    made = await challenges.create_challenge(session, actor, body.content(), now=now)
    return _view(made, response)


@routes.get("/challenges")
async def list_challenges(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ChallengeSummary]:
    """List announced events, newest first; the market's staff sees its drafts, too."""
    found = await repository.find_page(
        session,
        actor.viewer,
        market_id=None if market_id is None else MarketId(market_id),
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[ChallengeSummary.of(item) for item in found[:limit]], next=more)


@routes.get("/challenges/{challenge_id}")
async def get_challenge(
    challenge_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> ChallengeDetail:
    """Return an event with its demands, who advanced from which stage, and its prizes."""
    challenge = await challenges.read_challenge(session, actor, ChallengeId(challenge_id))
    response.headers["ETag"] = etag(challenge)
    ids = await repository.demand_ids(session, challenge.id)
    attached = [
        demand for demand in await demands.find_many(session, ids) if may_see(actor.viewer, demand)
    ]
    return ChallengeDetail.of_parts(
        challenge,
        [DemandSummary.of(demand) for demand in attached],
        [
            await challenge_results.results_of(session, challenge.id, stage)
            for stage in range(challenge.stages_done)
        ],
        await challenge_results.awards_of(session, challenge.id),
    )


@routes.put("/challenges/{challenge_id}")
async def edit_challenge(
    challenge_id: UUID,
    body: ChallengeBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the event as last read", max_length=100)
    ] = None,
) -> ChallengeView:
    """Edit a draft, or change an announced event with a reason, which publishes a document.

    What was announced is not taken back: prizes stay, and what has begun keeps its start.
    """
    changed = await challenges.edit_challenge(
        session,
        actor,
        ChallengeId(challenge_id),
        body.content(),
        seen=if_match,
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return _view(changed, response)


@routes.post("/challenges/{challenge_id}/announcement", status_code=201)
async def announce_challenge(
    challenge_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> ChallengeView:
    """Announce an event with all its rules, dates and prizes; it runs from its first stage on."""
    now = await market_now(session, actor.market_id)
    moved = await challenges.announce_challenge(session, actor, ChallengeId(challenge_id), now=now)
    return _view(moved, response)


@routes.post("/challenges/{challenge_id}/finish", status_code=201)
async def finish_challenge(
    challenge_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> ChallengeView:
    """End an event whose stages are all decided; sponsors get back what is left."""
    now = await market_now(session, actor.market_id)
    moved = await challenges.finish_challenge(session, actor, ChallengeId(challenge_id), now=now)
    return _view(moved, response)


@routes.post("/challenges/{challenge_id}/cancellation", status_code=201)
async def cancel_challenge(
    challenge_id: UUID,
    body: ReasonBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> ChallengeView:
    """Cancel an event of which no prize was given, with a reason; sponsors get all back."""
    now = await market_now(session, actor.market_id)
    moved = await challenges.cancel_challenge(
        session, actor, ChallengeId(challenge_id), reason=body.reason, now=now
    )
    return _view(moved, response)


@routes.post("/challenges/{challenge_id}/demands", status_code=201)
async def attach_challenge_demand(
    challenge_id: UUID,
    body: AttachBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> ChallengeView:
    """Let a cleared or posted demand take part; its proposals count for the event."""
    joined = await challenges.attach_demand(
        session,
        actor,
        ChallengeId(challenge_id),
        DemandId(body.demand_id),
        now=await market_now(session, actor.market_id),
    )
    return _view(joined, response)


@routes.post("/challenges/{challenge_id}/results", status_code=201)
async def publish_stage_results(
    challenge_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> ChallengeView:
    """Publish who advances from the next stage that is over, as the demands' reviews say."""
    counted, _ = await challenge_prizes.publish_stage_results(
        session,
        actor,
        ChallengeId(challenge_id),
        now=await market_now(session, actor.market_id),
    )
    return _view(counted, response)


@routes.post("/challenges/{challenge_id}/funding", status_code=201)
async def fund_challenge_prize(
    challenge_id: UUID, body: FundingBody, actor: ActorDep, session: SessionDep
) -> PrizeFundView:
    """Hand in the whole money of a prize from the sponsor's funds; only its sponsor does."""
    fund = await challenge_prizes.fund_prize(
        session,
        actor,
        ChallengeId(challenge_id),
        prize=body.prize,
        now=await market_now(session, actor.market_id),
    )
    return PrizeFundView.model_validate(fund)


@routes.post("/challenges/{challenge_id}/awards", status_code=201)
async def award_challenge_prize(
    challenge_id: UUID, body: AwardBody, actor: ActorDep, session: SessionDep
) -> AwardView:
    """Give a prize to one who won in the final: paid from its money, or recorded as paid."""
    award = await challenge_prizes.give_prize(
        session,
        actor,
        ChallengeId(challenge_id),
        prize=body.prize,
        proposal_id=ProposalId(body.proposal_id),
        reference=body.reference,
        now=await market_now(session, actor.market_id),
    )
    return AwardView.of(award)


@routes.get("/challenges/{challenge_id}/notices")
async def list_challenge_notices(
    challenge_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ChallengeNoticeView]:
    """List what was published of an event, in the order of publication."""
    challenge = await challenges.read_challenge(session, actor, ChallengeId(challenge_id))
    found = await repository.notices_of(
        session,
        challenge.id,
        after=0 if cursor is None else decode_cursor(cursor, _sequence)[0],
        limit=limit + 1,
    )
    return Page(
        items=[ChallengeNoticeView.model_validate(item) for item in found[:limit]],
        next=encode_cursor(found[limit - 1].seq) if len(found) > limit else None,
    )
