"""Body and views of demand analyses."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.demands.public import DemandStatus, NoTakeUp, Outcome
from app.matching.domain.analysis_past import PriceClass, SimilarDemand
from app.matching.domain.analysis_prices import BudgetPlace, NoPrices, PriceRange
from app.matching.domain.analysis_rules import Part
from app.matching.domain.analysis_words import WordReport, WordUse
from app.matching.domain.entry import EntryKind, Facts
from app.matching.domain.match import Verdict
from app.matching.domain.wish import Wish
from app.matching.schemas.matches import FoundView, TermView
from app.matching.schemas.wishes import Code
from app.matching.service.analysing import Analysis
from app.platform.schema import Body, Line, MoneyJson, Paragraph, PositiveMoney, UtcView, View
from app.shared.ids import PartyId

WORDS_SHOWN_MAX: Final = 20


class AnalysisBody(Body):
    """A demand's id, or a text with what is known beside it; nothing of it is kept."""

    demand_id: UUID | None = Field(default=None, description="One that you may read")
    title: Line | None = None
    text: Paragraph | None = Field(default=None, description="The problem to solve")
    technology_field: Code | None = Field(default=None, description="For prices of its field")
    budget_low: PositiveMoney | None = None
    budget_high: PositiveMoney | None = None
    due_on: date | None = None
    cooperation_mode: Code | None = None
    ip_ownership: Code | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        told = self.model_fields_set - {"demand_id"}
        if (self.demand_id is None) == (self.text is None) or (self.demand_id and told):
            raise ValueError("give either a demand_id alone or a text")
        low, high = self.budget_low, self.budget_high
        if (low is None) != (high is None):
            raise ValueError("give both ends of the budget or none")
        if low is not None and high is not None:
            if low.currency != high.currency:
                raise ValueError("both ends of the budget are of one currency")
            if high < low:
                raise ValueError("the budget's upper end is at least its lower one")
        return self

    def wish(self, party_id: PartyId) -> Wish:
        """Return the text as a wish for achievements."""
        return Wish(
            wants=EntryKind.ACHIEVEMENT,
            title=self.title or "",
            text=self.text or "",
            facts=Facts(
                technology_field=self.technology_field,
                price_low=self.budget_low,
                price_high=self.budget_high,
                modes=() if self.cooperation_mode is None else (self.cooperation_mode,),
                ip_ownership=self.ip_ownership,
                due_on=self.due_on,
            ),
            party_id=party_id,
        )


class PartView(View):
    """Whether a part of a good demand is stated."""

    part: Part
    label_zh: str
    stated: bool
    clause: str | None = Field(description="Where the text states it; null: a field of its own")


class QuestionView(View):
    """One thing to answer next."""

    name: str = Field(description="A rule of the gate, a part, or `terms_too_general`")
    weight: int = Field(description="The higher, the earlier it should be answered")
    message_zh: str
    message_en: str
    mend_zh: str
    example_zh: str


class WordView(View):
    """A word and the part of all entries that it stands in, at most."""

    text: str
    share: float


class WordsView(View):
    """Which words tell the demand apart, held against all that is on offer."""

    entries: int = Field(description="How many entries there are")
    too_general: bool | None = Field(
        description="Too few words tell it apart; null: too few entries are there to say"
    )
    general: list[WordView] = Field(description="In many entries, or phrases of any demand")
    rare: list[WordView] = Field(description="What it is found by, the rarest first")
    unheard: list[WordView] = Field(description="In no entry as they are written")

    @classmethod
    def of(cls, report: WordReport) -> Self:
        """Return the view of a report."""

        def some(use: WordUse) -> list[WordView]:
            words = report.of(use)
            ordered = words if use is WordUse.GENERAL else tuple(reversed(words))
            return [WordView.model_validate(word) for word in ordered[:WORDS_SHOWN_MAX]]

        return cls(
            entries=report.entries,
            too_general=report.too_general,
            general=some(WordUse.GENERAL),
            rare=some(WordUse.RARE),
            unheard=some(WordUse.UNHEARD),
        )


class SimilarDemandView(View):
    """A past demand that came near, and what became of it."""

    demand_id: UUID
    number: str
    market_id: UUID
    title: str
    status: DemandStatus
    posted_at: UtcView
    rounds: int = Field(description="How often it was posted; the rest is of the last time")
    coverage: float = Field(description="What part of your words stands in it")
    verdict: Verdict = Field(description="How near it came; what has nothing in common is left out")
    terms: list[TermView]
    outcome: Outcome | None
    reason: NoTakeUp | None = Field(description="Why nobody took it up")
    fate_zh: str
    fate_en: str
    proposals: int | None
    price_class: PriceClass | None = Field(description="Of what was paid, if in CNY")

    @classmethod
    def of(cls, similar: SimilarDemand) -> Self:
        """Return the view of a similar demand."""
        demand = similar.demand
        named = {
            name: getattr(demand if hasattr(demand, name) else similar, name)
            for name in cls.model_fields.keys() - {"demand_id"}
        }
        return cls.model_validate(named | {"demand_id": demand.id})


class PricesView(View):
    """What past deals of the field at your exchange came to: quartiles, nobody's name."""

    count: int | None
    low: MoneyJson | None
    middle: MoneyJson | None
    high: MoneyJson | None
    why_not: NoPrices | None = Field(description="Why no prices are told")
    budget: BudgetPlace | None = Field(description="Your budget against the middle half of them")

    @classmethod
    def of(cls, found: PriceRange) -> Self:
        """Return the view of a range."""
        told = {
            name: getattr(found.prices, name, None) for name in ("count", "low", "middle", "high")
        }
        return cls.model_validate(told | {"why_not": found.why_not, "budget": found.budget})


class AnalysisView(View):
    """What a demand lacks, what is like it, what is on offer for it, and what it may cost."""

    parts: list[PartView]
    questions: list[QuestionView] = Field(description="What to answer next, in this order")
    index_ready: bool = Field(description="false: `words`, `similar` and `results` are null")
    words: WordsView | None
    similar: list[SimilarDemandView] | None = Field(
        description="Past demands, nearest first; empty: none came near"
    )
    results: FoundView | None = Field(
        description="Achievements on offer; verdict `none`: nothing suitable, what came nearest"
    )
    prices: PricesView

    @classmethod
    def of(cls, analysis: Analysis, names: Mapping[PartyId, str]) -> Self:
        """Return the view of an analysis.

        Args:
            names: Of the parties whose achievements were found.
        """
        market = analysis.market
        similar = None if market is None else map(SimilarDemandView.of, market.similar)
        return cls(
            parts=[PartView.model_validate(part) for part in analysis.parts],
            questions=[QuestionView.model_validate(item) for item in analysis.questions],
            index_ready=market is not None,
            words=None if market is None else WordsView.of(market.words),
            similar=None if similar is None else list(similar),
            results=None if market is None else FoundView.of(market.found, names),
            prices=PricesView.of(analysis.prices),
        )
