"""Bodies and views of matches."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.matching.domain.entry import EntryKind, Facts
from app.matching.domain.match import Basis, Found, Match, Verdict
from app.matching.domain.wish import RESULTS_MAX, Wish
from app.matching.schemas.wishes import Code, Region, WishedConditions, WishedReadiness
from app.platform.schema import Body, Line, Paragraph, PositiveMoney, UtcView, View
from app.shared.ids import MarketId, PartyId


class QueryBody(Body):
    """What is looked for, in words, and what is known beside them; nothing of it is kept."""

    wants: list[EntryKind] = Field(
        default=list(EntryKind), min_length=1, max_length=2, description="Which side to look on"
    )
    title: Line | None = None
    text: Paragraph = Field(description="The problem to solve, or what a result can do")
    keywords: list[Line] = Field(default=[], max_length=20)
    technology_field: Code | None = None
    readiness: WishedReadiness | None = Field(
        default=None, description="The level asked for, or the one reached"
    )
    price: PositiveMoney | None = Field(default=None, description="Budget, or price asked")
    region: Region | None = None
    modes: list[Code] = Field(
        default=[],
        max_length=20,
        description="`cooperation_mode` of who looks for results, `conversion_mode` of an offer",
    )
    ip_ownership: Code | None = None
    due_on: date | None = None
    conditions: WishedConditions = Field(default_factory=WishedConditions)
    limit: Annotated[int, Field(ge=1, le=RESULTS_MAX)] = 10

    def wish(self, wants: EntryKind, *, market_id: MarketId, party_id: PartyId) -> Wish:
        """Return the domain's value for one side."""
        readiness = self.readiness
        return Wish(
            wants=wants,
            title=self.title or "",
            text=self.text,
            keywords=tuple(self.keywords),
            facts=Facts(
                technology_field=self.technology_field,
                readiness=None if readiness is None else readiness.value(),
                price_low=self.price,
                price_high=self.price,
                region=self.region,
                modes=tuple(self.modes),
                ip_ownership=self.ip_ownership,
                due_on=self.due_on,
            ),
            conditions=self.conditions.conditions(market_id),
            party_id=party_id,
        )


class ContributionView(View):
    """What one factor gives: value times weight is its points; all points sum to the score."""

    name: str
    value: float | None = Field(description="0 to 1; null: one side states nothing")
    weight: float
    points: float
    note_zh: str
    note_en: str


class TermView(View):
    """A word that both sides have, with its part of the coverage."""

    text: str
    share: float


class GapView(View):
    """Where the two sides lie apart."""

    factor: str
    text_zh: str
    text_en: str


class MatchView(View):
    """One found entry with every reason."""

    entry_id: UUID
    kind: EntryKind
    market_id: UUID
    party_id: UUID
    party_name: str
    revision: int
    title: str
    verdict: Verdict
    score: float
    text_score: float
    contributions: list[ContributionView]
    terms: list[TermView]
    gaps: list[GapView]

    @classmethod
    def of(cls, match: Match, names: Mapping[PartyId, str]) -> Self:
        """Return the view of a match whose party has this name."""
        told = {name: getattr(match, name) for name in Match.__dataclass_fields__}
        return cls.model_validate({**told, "party_name": names[match.party_id]})


class BasisView(View):
    """The versions that a result rests on."""

    weights: str
    calibration: str
    model: str | None = Field(description="null: only words were compared")


class MatchesView(View):
    """What an entry has found, best first.

    ``none`` as the verdict says that nothing suitable is there; what is listed then came nearest.
    """

    result_id: UUID | None = Field(description="Names it in feedback; null: not kept")
    entry_id: UUID
    computed_at: UtcView
    verdict: Verdict
    basis: BasisView
    excluded: dict[str, int] = Field(
        description="By hard condition, how many candidates it kept out"
    )
    gone: int = Field(description="Matches that are no longer on offer, or in another version")
    matches: list[MatchView]


class FoundView(View):
    """What a query has found on one side, best first."""

    verdict: Verdict
    basis: BasisView
    excluded: dict[str, int]
    matches: list[MatchView]

    @classmethod
    def of(cls, found: Found, names: Mapping[PartyId, str]) -> Self:
        """Return the view of what was found."""
        return cls(
            verdict=found.verdict,
            basis=basis_view(found.basis),
            excluded=dict(found.excluded),
            matches=[MatchView.of(match, names) for match in found.matches],
        )


class QueryView(View):
    """What a query has found on each side that it asked for."""

    achievements: FoundView | None
    demands: FoundView | None


def basis_view(basis: Basis) -> BasisView:
    """Return the view of what a result rests on."""
    return BasisView.model_validate(basis)
