"""Bodies and views of match subscriptions."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from app.matching.domain import subscription as domain
from app.matching.domain.delivering import Delivery, Plan, QuietHours
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Verdict
from app.matching.domain.subscription import Settings, SourceKind, Subscription
from app.matching.domain.wishes import EntryWishes
from app.matching.schemas.wishes import Code, WishedConditions, WishedConditionsView
from app.platform.schema import Body, Line, UtcView, View, printable
from app.shared.ids import MarketId

Hour = Annotated[int, Field(ge=0, le=23, description="A full hour of Asia/Shanghai")]
QueryText = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(printable)]


class DemandSource(Body):
    """One of the party's own demands: told of achievements that it finds."""

    kind: Literal["demand"]
    demand_id: UUID

    def value(self, _market_id: MarketId) -> domain.Source:
        """Return the domain's value."""
        return domain.Source(
            kind=SourceKind.DEMAND, wants=EntryKind.ACHIEVEMENT, entry_id=self.demand_id
        )


class AchievementSource(Body):
    """One of the party's own achievements: told of demands that it finds."""

    kind: Literal["achievement"]
    achievement_id: UUID

    def value(self, _market_id: MarketId) -> domain.Source:
        """Return the domain's value."""
        return domain.Source(
            kind=SourceKind.ACHIEVEMENT, wants=EntryKind.DEMAND, entry_id=self.achievement_id
        )


class FieldSource(Body):
    """A technology field with all below it: told of every new entry of one kind."""

    kind: Literal["field"]
    technology_field: Code
    wants: EntryKind

    def value(self, _market_id: MarketId) -> domain.Source:
        """Return the domain's value."""
        return domain.Source(
            kind=SourceKind.FIELD, wants=self.wants, technology_field=self.technology_field
        )


class QuerySource(Body):
    """A text: told of new entries of one kind that fit its words and meet the conditions."""

    kind: Literal["query"]
    text: QueryText
    wants: EntryKind
    conditions: WishedConditions = Field(default_factory=WishedConditions)

    def value(self, market_id: MarketId) -> domain.Source:
        """Return the domain's value."""
        return domain.Source(
            kind=SourceKind.QUERY,
            wants=self.wants,
            text=self.text,
            wishes=EntryWishes(conditions=self.conditions.conditions(market_id)),
        )


class SubscriptionSettings(Body):
    """What it is called, what is told, and when."""

    name: Line
    least_verdict: Literal["possible", "strong"] = Field(
        default="possible",
        description="The least verdict that is told; entries of a field are told without one",
    )
    delivery: Delivery = Field(
        default=Delivery.INSTANT, description="A weekly digest comes on Mondays"
    )
    digest_hour: Hour = 9
    quiet_from: Hour = 21
    quiet_to: Annotated[int, Field(ge=0, le=23)] = Field(
        default=8, description="The quiet hours' end, itself not quiet; equal hours: none are"
    )

    def settings(self) -> Settings:
        """Return the domain's value."""
        return Settings(
            name=self.name,
            least=Verdict(self.least_verdict),
            plan=Plan(self.delivery, self.digest_hour, QuietHours(self.quiet_from, self.quiet_to)),
        )


class NewMatchSubscription(SubscriptionSettings):
    """A subscription of the caller's party; it is told of what is new from now on."""

    source: Annotated[
        DemandSource | AchievementSource | FieldSource | QuerySource, Field(discriminator="kind")
    ]


class SourceView(View):
    """What a subscription is made of; what its kind does not have is null."""

    kind: SourceKind
    wants: EntryKind
    entry_id: UUID | None
    technology_field: str | None
    text: str | None
    conditions: WishedConditionsView | None


class MatchSubscriptionView(View):
    """A subscription."""

    id: UUID
    name: str
    source: SourceView
    least_verdict: Verdict
    delivery: Delivery
    digest_hour: int
    quiet_from: int
    quiet_to: int
    created_at: UtcView

    @classmethod
    def of(cls, subscription: Subscription) -> Self:
        """Return the view."""
        source, settings = subscription.source, subscription.settings
        wishes, plan = source.wishes, settings.plan
        return cls(
            id=subscription.id,
            name=settings.name,
            source=SourceView(
                kind=source.kind,
                wants=source.wants,
                entry_id=source.entry_id,
                technology_field=source.technology_field,
                text=source.text,
                conditions=None if wishes is None else WishedConditionsView.of(wishes.conditions),
            ),
            least_verdict=settings.least,
            delivery=plan.delivery,
            digest_hour=plan.hour,
            quiet_from=plan.quiet.starts,
            quiet_to=plan.quiet.ends,
            created_at=subscription.created_at,
        )
