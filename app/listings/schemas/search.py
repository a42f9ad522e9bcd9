"""Bodies and views of searches."""

from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, Field

from app.listings.domain.content import Readiness
from app.listings.domain.found import FoundAchievement, FoundListing
from app.listings.domain.listing import ListingStatus, PricingMode
from app.listings.domain.searching import Filters, MatchedTerm, SavedSearch, Target, filters_to_json
from app.listings.schemas.achievements import Code, ReadinessJson
from app.platform.schema import (
    Body,
    Line,
    MoneyJson,
    PositiveMoney,
    UtcView,
    View,
    printable,
)

Words = Annotated[
    str,
    Query(max_length=200, description="Words; an entry has all of them. Empty browses."),
    AfterValidator(printable),
]
Codes = Annotated[
    list[Code],
    Query(default_factory=list, max_length=30, description="Alternatives; names of /v1/codes"),
]
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Regions = Annotated[
    list[RegionCode],
    Query(
        default_factory=list,
        max_length=30,
        description="Of the owner; 330000 takes in the whole province",
    ),
]


class MatchedTermView(View):
    """A word of the query, and where the entry has it: ``title``, ``keywords`` or ``text``."""

    text: str
    where: str

    @classmethod
    def of(cls, matched: MatchedTerm) -> Self:
        """Return the view."""
        return cls(text=matched.text, where=matched.where.name.lower())


class FoundAchievementView(View):
    """An achievement on the shelf, as everybody may read it, with why it was found."""

    id: UUID
    market_id: UUID
    party_id: UUID
    owner_name: str
    region: str | None
    title: str
    keywords: list[str]
    abstract: str = Field(description="Of a restricted one the public summary")
    technology_field: str
    kind: str
    ip_kind: str
    conversion_modes: list[str]
    readiness: ReadinessJson
    price_idea: MoneyJson | None
    version: int
    shelved_at: UtcView
    on_offer: bool
    matched: list[MatchedTermView] = Field(default_factory=list)

    @classmethod
    def of(cls, entry: FoundAchievement, matched: tuple[MatchedTerm, ...]) -> Self:
        """Return the view."""
        view = cls.model_validate(entry)
        return view.model_copy(update={"matched": [MatchedTermView.of(item) for item in matched]})


class FoundListingView(View):
    """A published listing with why it was found."""

    id: UUID
    number: str
    market_id: UUID
    seller_id: UUID
    achievement_id: UUID
    auction_id: UUID | None
    owner_name: str
    title: str
    keywords: list[str]
    abstract: str
    technology_field: str
    status: ListingStatus
    pricing_mode: PricingMode
    conversion_mode: str
    floor: MoneyJson
    deposit: MoneyJson
    published_at: UtcView
    disclosure_ends_at: UtcView
    opens_at: UtcView | None
    matched: list[MatchedTermView] = Field(default_factory=list)

    @classmethod
    def of(cls, entry: FoundListing, matched: tuple[MatchedTerm, ...]) -> Self:
        """Return the view."""
        view = cls.model_validate(entry)
        return view.model_copy(update={"matched": [MatchedTermView.of(item) for item in matched]})


class CountView(View):
    """How many; at least so many if not ``exact``."""

    count: int
    exact: bool


class FacetView(View):
    """How many entries each value would leave, the facet's own filter left aside.

    Not ``exact``: only the first 10,000 entries were counted, so each value has at least so many.
    """

    counts: dict[str, int]
    exact: bool


class FoundAchievements(View):
    """A page; pass ``next`` back as ``cursor``. A page may be short of its limit."""

    items: list[FoundAchievementView]
    next: str | None
    total: CountView
    facets: dict[str, FacetView]


class FoundListings(View):
    """A page; pass ``next`` back as ``cursor``."""

    items: list[FoundListingView]
    next: str | None
    total: CountView
    facets: dict[str, FacetView]


class NewSavedSearch(Body):
    """A search to be saved; it tells the caller's party what comes onto the shelf."""

    name: Line
    target: Target = Target.ACHIEVEMENTS
    q: Annotated[str, Field(max_length=200), AfterValidator(printable)] = ""
    technology_field: list[Code] = Field(default=[], max_length=30)
    kind: list[Code] = Field(default=[], max_length=30, description="Of achievements only")
    ip_kind: list[Code] = Field(default=[], max_length=30, description="Of achievements only")
    conversion_mode: list[Code] = Field(default=[], max_length=30)
    region: list[RegionCode] = Field(default=[], max_length=30)
    readiness_min: ReadinessJson | None = None
    price_max: PositiveMoney | None = None
    pricing_mode: list[PricingMode] = Field(
        default=[], max_length=3, description="Of listings only"
    )

    def filters(self) -> Filters:
        """Return the domain's value."""
        least = self.readiness_min
        achievements = self.target is Target.ACHIEVEMENTS
        return Filters(
            technology_fields=tuple(self.technology_field),
            kinds=tuple(self.kind) if achievements else (),
            ip_kinds=tuple(self.ip_kind) if achievements else (),
            conversion_modes=tuple(self.conversion_mode),
            regions=tuple(self.region),
            readiness=None if least is None else Readiness(least.scale, least.level),
            price_max=self.price_max,
            pricing_modes=() if achievements else tuple(self.pricing_mode),
        )


class SavedSearchView(View):
    """A saved search with the words that it looks for."""

    id: UUID
    name: str
    target: Target
    q: str
    terms: list[str]
    filters: dict[str, Any]
    created_at: UtcView

    @classmethod
    def of(cls, saved: SavedSearch) -> Self:
        """Return the view."""
        return cls(
            id=saved.id,
            name=saved.name,
            target=saved.target,
            q=saved.q,
            terms=[term.text for term in saved.terms],
            filters=filters_to_json(saved.filters),
            created_at=saved.created_at,
        )
