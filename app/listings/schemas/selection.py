"""Bodies and views of selection and of the shelf."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.listings.domain.gate import GateReport
from app.listings.domain.gate_rules import Complaint
from app.listings.domain.selection import Appointment, FirstCheckOutcome, Opinion, SelectionVote
from app.listings.schemas.achievements import AchievementView
from app.listings.service.judging import SelectionSeen
from app.listings.service.shelf import Confirmations
from app.platform.schema import Body, Reason, UtcView, View
from app.shared.access import Viewer

CONFIRMATIONS_MAX = 200


class FirstCheckBody(Body):
    """The outcome of the first check; whoever returns or refuses says why."""

    outcome: FirstCheckOutcome
    reason: Reason | None = None


class ExpertsBody(Body):
    """Experts to ask, by the memberships in which they act for their units."""

    membership_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]


class OpinionBody(Body):
    """An expert's opinion; it is given once."""

    vote: SelectionVote
    score: int = Field(ge=0, le=100)
    reason: Reason

    def plain(self) -> Opinion:
        """Return the domain's value."""
        return Opinion(self.vote, self.score, self.reason)


class AchievementReview(Body):
    """The exchange's decision; whoever returns or refuses says why.

    ``mend`` beside ``"accepted": false`` gives it back to be mended instead of refusing it.
    """

    accepted: bool
    mend: bool = False
    reason: Reason | None = None


class WithdrawalBody(Body):
    """Why an owner takes a result back."""

    reason: Reason


class ConfirmationsBody(Body):
    """Entries that still hold."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=CONFIRMATIONS_MAX)]


class ConfirmedView(View):
    """An entry that stays on the shelf until ``due_at``."""

    id: UUID
    due_at: UtcView


class ConfirmationRefusal(View):
    """An entry that was not confirmed, and why."""

    id: UUID
    code: str
    title: str
    detail: str


class ConfirmationsView(View):
    """What became of each entry."""

    confirmed: list[ConfirmedView]
    refused: list[ConfirmationRefusal]

    @classmethod
    def of(cls, done: Confirmations) -> Self:
        """Return the view of confirmations."""
        return cls.model_validate(
            {
                "confirmed": [{"id": item.id, "due_at": item.due_at} for item in done.confirmed],
                "refused": [
                    {
                        "id": achievement_id,
                        "code": refusal.code,
                        "title": f"{refusal.title_zh} {refusal.title_en}",
                        "detail": refusal.detail,
                    }
                    for achievement_id, refusal in done.refused
                ],
            }
        )


class GateItemView(View):
    """One thing that buyers look for."""

    rule: str
    field: str = Field(description="Where to mend it")
    complaint: Complaint = Field(description="Why results are turned down")
    weight: int = Field(description="Points of 100")
    passed: bool
    message_zh: str = Field(description="What is missing where it is not passed")
    message_en: str
    mend_zh: str
    impact_zh: str = Field(description="What a buyer cannot decide without it")


class GateView(View):
    """What buyers will miss: the score is the sum of the weights of what is passed."""

    score: int = Field(ge=0, le=100)
    lost: dict[Complaint, int] = Field(description="Points lost to each complaint")
    items: list[GateItemView]

    @classmethod
    def of(cls, report: GateReport) -> Self:
        """Return the view of a report."""
        return cls(
            score=report.score,
            lost=dict(report.lost()),
            items=[
                GateItemView(
                    rule=item.rule.name,
                    field=item.rule.field,
                    complaint=item.rule.complaint,
                    weight=item.rule.weight,
                    passed=item.passed,
                    message_zh=item.rule.message_zh,
                    message_en=item.rule.message_en,
                    mend_zh=item.rule.mend_zh,
                    impact_zh=item.rule.impact_zh,
                )
                for item in report.items
            ],
        )


class OpinionView(View):
    """An opinion without a name."""

    vote: SelectionVote
    score: int
    reason: str


class AppointmentView(View):
    """An expert who was asked, with the opinion once given."""

    id: UUID
    achievement_id: UUID
    user_id: UUID
    party_id: UUID
    expert_name: str
    appointed_at: UtcView
    due_at: UtcView | None
    opinion: OpinionView | None
    given_at: UtcView | None


class AppointmentsView(View):
    """All experts who were asked to judge a submission."""

    experts: list[AppointmentView]

    @classmethod
    def of(cls, experts: list[Appointment]) -> Self:
        """Return the view of appointments."""
        return cls(experts=[AppointmentView.model_validate(item) for item in experts])


class TaskView(View):
    """Something that an expert was asked to judge."""

    id: UUID
    achievement_id: UUID
    title: str
    due_at: UtcView | None
    given_at: UtcView | None

    @classmethod
    def of(cls, appointment: Appointment, title: str) -> Self:
        """Return the view of an appointment with the achievement's title."""
        return cls(
            id=appointment.id,
            achievement_id=appointment.achievement_id,
            title=title,
            due_at=appointment.due_at,
            given_at=appointment.given_at,
        )


class SelectionView(View):
    """An achievement's selection, as far as it is for the caller."""

    achievement_id: UUID
    status: str
    due_at: UtcView | None
    achievement: AchievementView | None = Field(
        description="The whole content, for an expert only while it judges"
    )
    gate: GateView | None
    experts: list[AppointmentView] = Field(description="For staff all, for an expert itself")
    opinions: list[OpinionView] | None = Field(
        description="Without names, for the owner once they have decided"
    )

    @classmethod
    def of(cls, seen: SelectionSeen, viewer: Viewer) -> Self:
        """Return what a viewer may read of a selection."""
        achievement = seen.achievement
        due_at: datetime | None = achievement.due_at
        readable = seen.report is not None
        return cls(
            achievement_id=achievement.id,
            status=str(achievement.status),
            due_at=due_at,
            achievement=(
                AchievementView.of_seen(achievement, viewer, judging=seen.judging)
                if readable
                else None
            ),
            gate=None if seen.report is None else GateView.of(seen.report),
            experts=[AppointmentView.model_validate(item) for item in seen.experts],
            opinions=(
                None
                if seen.opinions is None
                else [OpinionView.model_validate(item) for item in seen.opinions]
            ),
        )
