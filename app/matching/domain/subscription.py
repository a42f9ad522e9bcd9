"""Match subscriptions 匹配订阅: what a party wants to be told of, and when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.matching.domain.delivering import Plan, check_plan
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Verdict
from app.matching.domain.percolating import finds_something
from app.matching.domain.wish import Wish
from app.matching.domain.wishes import EntryWishes, wishes_to_json
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import MarketId, MatchSubscriptionId, PartyId

SUBSCRIPTIONS_MAX: Final = 50  # a party; what one can read


class TooManySubscriptions(Conflict):
    """A party has as many match subscriptions as it may."""

    code = "match_subscriptions_full"
    title_zh = "匹配订阅数量已达上限"
    title_en = "The party has as many match subscriptions as it may"


class QueryEmpty(RuleBroken):
    """A query of marks, or of a single character, finds nothing."""

    code = "match_query_empty"
    title_zh = "订阅的查询内容没有可检索的文字"
    title_en = "The query has nothing that could be found"


class SourceKind(StrEnum):
    """What a subscription is made of."""

    DEMAND = "demand"  # one of the party's own: told of achievements
    ACHIEVEMENT = "achievement"  # one of the party's own: told of demands
    FIELD = "field"  # a technology field and all below it
    QUERY = "query"  # a text, with hard conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a subscription is made of; it never changes.

    Attributes:
        wants: The kind that is told of.
        entry_id: The party's own demand or achievement.
        technology_field: A name of the code table.
        text: Of a query.
        wishes: Of a query; its hard conditions.
    """

    kind: SourceKind
    wants: EntryKind
    entry_id: UUID | None = None
    technology_field: str | None = None
    text: str | None = None
    wishes: EntryWishes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a party may change.

    Attributes:
        least: The least verdict that is told; an entry of a field is told without one.
    """

    name: str
    least: Verdict
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A party's subscription.

    Attributes:
        created_at: Its market's moment.
    """

    id: MatchSubscriptionId
    market_id: MarketId
    party_id: PartyId
    source: Source
    settings: Settings
    created_at: datetime

    @property
    def wish(self) -> Wish:
        """What a query looks for; words alone are compared, as no text was embedded."""
        assert self.source.text is not None
        assert self.source.wishes is not None
        return Wish(
            wants=self.source.wants,
            title="",
            text=self.source.text,
            conditions=self.source.wishes.conditions,
            party_id=self.party_id,
        )


def check_new(source: Source, settings: Settings, *, held: int) -> None:
    """Refuse a subscription that can tell nothing, and one too many.

    Args:
        held: How many the party has.

    Raises:
        QueryEmpty: Its text has no words.
        DigestInQuietHours: See `check_plan`.
        TooManySubscriptions: Names how many are accepted.

    Invariant: MT55.
    """
    if source.text is not None and not finds_something(source.text):
        raise QueryEmpty("Write words of two characters at least.", field="source.text")
    check_plan(settings.plan)
    if held >= SUBSCRIPTIONS_MAX:
        raise TooManySubscriptions("End one that is not needed.", accepted_max=SUBSCRIPTIONS_MAX)


def reaches(verdict: Verdict, least: Verdict) -> bool:
    """Tell whether a verdict is at least another."""
    order = (Verdict.NONE, Verdict.POSSIBLE, Verdict.STRONG)
    return order.index(verdict) >= order.index(least)


def source_to_json(source: Source) -> dict[str, Any]:
    """Return a source for the journal: what is stated."""
    return {
        "kind": source.kind,
        "wants": source.wants,
        "entry_id": source.entry_id,
        "technology_field": source.technology_field,
        "text": source.text,
        "wishes": None if source.wishes is None else wishes_to_json(source.wishes),
    }
