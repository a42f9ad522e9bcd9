"""Bodies and views of challenge events."""

from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from app.demands.domain.challenge import (
    Challenge,
    ChallengeContent,
    ChallengeStatus,
    Prize,
    PrizeFunding,
    Stage,
    StageKind,
)
from app.demands.domain.challenge_notice import ChallengeNoticeKind
from app.demands.domain.challenge_results import Award, Entry
from app.demands.schemas.demands import DemandSummary
from app.platform.schema import (
    Body,
    Instant,
    Line,
    MoneyJson,
    Paragraph,
    PositiveMoney,
    Reason,
    UtcView,
    View,
)
from app.shared.ids import PartyId

_PRIZES_MAX = 20
_PER_PRIZE_MAX = 1_000


class StageJson(Body):
    """A part of the event, half open in time."""

    kind: StageKind
    title: Line
    starts_at: Instant
    ends_at: Instant


class PrizeJson(Body):
    """A prize; money that the exchange keeps has a party as its sponsor."""

    name: Line
    amount: PositiveMoney = Field(description="Of one prize")
    count: int = Field(default=1, ge=1, le=_PER_PRIZE_MAX, description="How many of them")
    funding: PrizeFunding
    sponsor_id: UUID | None = None
    sponsor_name: Line


class ChallengeBody(Body):
    """An event as it is announced."""

    title: Line
    rules: Paragraph
    stages: list[StageJson] = Field(min_length=1, max_length=20)
    prizes: list[PrizeJson] = Field(max_length=_PRIZES_MAX)
    reason: Reason | None = Field(default=None, description="Of a change once it is announced")

    def content(self) -> ChallengeContent:
        """Return the domain's value."""
        return ChallengeContent(
            title=self.title,
            rules=self.rules,
            stages=tuple(
                Stage(
                    kind=item.kind,
                    title=item.title,
                    starts_at=item.starts_at,
                    ends_at=item.ends_at,
                )
                for item in self.stages
            ),
            prizes=tuple(
                Prize(
                    name=item.name,
                    amount=item.amount,
                    count=item.count,
                    funding=item.funding,
                    sponsor_id=None if item.sponsor_id is None else PartyId(item.sponsor_id),
                    sponsor_name=item.sponsor_name,
                )
                for item in self.prizes
            ),
        )


class AttachBody(Body):
    """The demand that joins."""

    demand_id: UUID


class FundingBody(Body):
    """The prize whose money is handed in, by its place from 0."""

    prize: int = Field(ge=0, lt=_PRIZES_MAX)


class AwardBody(Body):
    """Who gets which prize."""

    prize: int = Field(ge=0, lt=_PRIZES_MAX)
    proposal_id: UUID
    reference: Line | None = Field(default=None, description="How it was paid outside")


class StageView(View):
    """A stage."""

    kind: StageKind
    title: str
    starts_at: UtcView
    ends_at: UtcView


class PrizeView(View):
    """A prize."""

    name: str
    amount: MoneyJson
    count: int
    funding: PrizeFunding
    sponsor_id: UUID | None
    sponsor_name: str


class ChallengeSummary(View):
    """An event in a list."""

    id: UUID
    number: str
    market_id: UUID
    party_id: UUID = Field(description="Who runs it")
    status: ChallengeStatus
    title: str
    version: int
    stages_done: int = Field(description="Stages whose results are published")
    announced_at: UtcView | None
    ended_at: UtcView | None
    reason: str | None
    terms_hash: str | None

    @classmethod
    def of(cls, challenge: Challenge) -> Self:
        """Return the view of an event."""
        return cls.model_validate({name: _member(challenge, name) for name in cls.model_fields})


def _member(challenge: Challenge, name: str) -> object:
    return getattr(challenge.content if hasattr(challenge.content, name) else challenge, name)


class EntryView(View):
    """A proposal that advanced; its author is told with the final."""

    demand_id: UUID
    code: str
    proposal_id: UUID | None
    party_id: UUID | None

    @classmethod
    def of(cls, entry: Entry, *, named: bool) -> Self:
        """Return the view of an entry."""
        return cls(
            demand_id=entry.demand_id,
            code=entry.code,
            proposal_id=entry.proposal_id if named else None,
            party_id=entry.party_id if named else None,
        )


class AwardView(View):
    """A prize that was given."""

    prize: int
    place: int
    demand_id: UUID
    proposal_id: UUID
    party_id: UUID
    amount: MoneyJson
    funding: PrizeFunding
    awarded_at: UtcView

    @classmethod
    def of(cls, award: Award) -> Self:
        """Return the view of an award."""
        entry = award.entry
        return cls(
            prize=award.prize,
            place=award.place,
            demand_id=entry.demand_id,
            proposal_id=entry.proposal_id,
            party_id=entry.party_id,
            amount=award.amount,
            funding=award.funding,
            awarded_at=award.awarded_at,
        )


class ChallengeView(ChallengeSummary):
    """A whole event with what came of it."""

    rules: str
    stages: list[StageView]
    prizes: list[PrizeView]


class ChallengeDetail(View):
    """An event, its demands, results and prizes."""

    challenge: ChallengeView
    demands: list[DemandSummary] = Field(description="Those that the reader may know")
    results: list[list[EntryView]] = Field(description="By stage, who advanced")
    awards: list[AwardView]

    @classmethod
    def of_parts(
        cls,
        challenge: Challenge,
        demands: Sequence[DemandSummary],
        results: Sequence[Sequence[Entry]],
        awards: Sequence[Award],
    ) -> Self:
        """Return the view of an event with what belongs to it."""
        final = len(challenge.content.stages) - 1
        return cls(
            challenge=ChallengeView.of(challenge),
            demands=list(demands),
            results=[
                [EntryView.of(entry, named=place == final) for entry in entries]
                for place, entries in enumerate(results)
            ],
            awards=[AwardView.of(award) for award in awards],
        )


class ChallengeNoticeView(View):
    """A document as it was published."""

    seq: int
    number: str
    kind: ChallengeNoticeKind
    content: dict[str, Any]
    content_hash: str = Field(description="SHA-256 of the content's RFC 8785 form")
    published_at: UtcView


class PrizeFundView(View):
    """Prize money that the exchange keeps."""

    prize: int
    amount: MoneyJson
    paid_at: UtcView
