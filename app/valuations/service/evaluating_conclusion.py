"""Conclude and sign, cancel, publish."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.markets.public import get_market
from app.platform.access import Actor
from app.platform.signing import Signer
from app.shared.canonical import digest
from app.valuations.domain.conclusion import (
    ChairOnly,
    Report,
    ReportMissing,
    check_explained,
    check_level,
)
from app.valuations.domain.evaluation import EvaluationTrigger, require_publishable
from app.valuations.domain.report import Conclusion, Names, report_content
from app.valuations.domain.scoring import find_outliers
from app.valuations.repository import evaluations
from app.valuations.service.evaluating import Case, note, seat_of, take
from app.valuations.service.evaluating_scores import opened_sheets


async def conclude(
    session: AsyncSession,
    signer: Signer,
    actor: Actor,
    evaluation_id: UUID,
    conclusion: Conclusion,
    *,
    now: datetime,
) -> Case:
    """Store the chair's conclusion with all it rests on, signed.

    Raises:
        ObjectUnknown, ChairOnly: The caller is not this panel's chair.
        ExplanationsMissing: Names the outliers.
        LevelUnknown: Names the scheme's levels.

    Invariant: EV10, EV11.
    """
    moved, case = await take(session, evaluation_id, EvaluationTrigger.CONCLUDE)
    if not seat_of(case, actor).chair:
        raise ChairOnly("Ask the panel's chair.")
    check_level(moved.scheme, conclusion.level)
    sheets = await opened_sheets(session, case)
    explanations = await evaluations.explanations_of(session, moved.id)
    check_explained(find_outliers(moved.scheme, sheets), explanations)
    owner = await get_party(session, moved.owner_id)
    market = await get_market(session, moved.market_id)
    names = Names(exchange=market.name_zh, owner=owner.name)
    content = report_content(moved, case.seats, sheets, explanations, conclusion, names, now=now)
    kid = await signer.active_kid(session)
    report = Report(
        evaluation_id=moved.id,
        content=content,
        content_hash=digest(content),
        kid=kid,
        jws=signer.sign(kid, content),
        concluded_at=now,
    )
    await evaluations.insert_report(session, report)
    moved = replace(moved, ended_at=now)
    await evaluations.save(session, moved)
    await note(
        session,
        moved,
        "concluded",
        actor.ref,
        now,
        restricted={"content_hash": report.content_hash, "kid": kid, **_told(report)},
        audience=frozenset({moved.owner_id}),
    )
    return Case(moved, case.seats)


def _told(report: Report) -> dict[str, str]:
    result = report.content["result"]
    return {"total": result["total"], "level": result["level"]}


async def cancel_evaluation(
    session: AsyncSession, actor: Actor, evaluation_id: UUID, *, reason: str, now: datetime
) -> Case:
    """End an evaluation without a conclusion; scores that are closed stay closed.

    Raises:
        TransitionRefused: It has ended.
    """
    moved, case = await take(session, evaluation_id, EvaluationTrigger.CANCEL)
    moved = replace(moved, ended_at=now, reason=reason)
    await evaluations.save(session, moved)
    await note(
        session,
        moved,
        "cancelled",
        actor.ref,
        now,
        restricted={"reason": reason},
        audience=frozenset({moved.owner_id}),
    )
    return Case(moved, case.seats)


async def publish_report(
    session: AsyncSession, actor: Actor, evaluation_id: UUID, *, now: datetime
) -> Case:
    """Let everybody read a report, for ever; a second time changes nothing.

    Raises:
        TransitionRefused: The evaluation is not concluded.
        ReportNotPublishable: The evaluated content was not cleared of state secrets.

    Invariant: EV16.
    """
    moved, case = await take(session, evaluation_id, EvaluationTrigger.PUBLISH)
    if moved.published_at is not None:
        return case
    require_publishable(moved.subject)
    report = await evaluations.find_report(session, moved.id)
    if report is None:
        raise ReportMissing("There is no report to publish.")
    moved = replace(moved, published_at=now)
    await evaluations.save(session, moved)
    await note(
        session,
        moved,
        "published",
        actor.ref,
        now,
        public={
            "achievement_id": moved.subject.achievement_id,
            "title": moved.subject.title,
            "scheme": moved.scheme.code,
            "content_hash": report.content_hash,
            "kid": report.kid,
            **_told(report),
        },
    )
    return Case(moved, case.seats)
