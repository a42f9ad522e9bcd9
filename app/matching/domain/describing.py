"""What everybody may read of a record, as the entry that matching looks at."""

from app.demands.public import Demand
from app.identity.public import Party
from app.listings.public import Achievement
from app.matching.domain.entry import Entry, EntryKind, Facts, Readiness


def describe_achievement(achievement: Achievement, owner: Party) -> Entry:
    """Return an achievement's public part.

    Invariant: MT2.
    """
    content = achievement.content
    return Entry(
        id=achievement.id,
        kind=EntryKind.ACHIEVEMENT,
        market_id=achievement.market_id,
        party_id=achievement.party_id,
        revision=achievement.version,
        title=content.title,
        keywords=content.keywords,
        text=content.told_abstract,
        facts=Facts(
            technology_field=content.technology_field,
            readiness=Readiness(content.readiness.scale, content.readiness.level),
            price_low=content.price_idea,
            price_high=content.price_idea,
            region=owner.region_code,
            modes=content.conversion_modes,
        ),
    )


def describe_demand(demand: Demand, poster: Party) -> Entry:
    """Return a demand's public part; its targets say what is wanted as its background does.

    Invariant: MT2.
    """
    content = demand.content.told
    targets = (f"{target.name} {target.test_method}" for target in content.targets)
    return Entry(
        id=demand.id,
        kind=EntryKind.DEMAND,
        market_id=demand.market_id,
        party_id=demand.party_id,
        revision=demand.version,
        title=content.title,
        keywords=(),
        text="\n".join((content.background, *targets)),
        facts=Facts(
            technology_field=content.technology_field,
            price_low=content.budget.low,
            price_high=content.budget.high,
            region=poster.region_code,
            modes=(content.cooperation_mode,),
            ip_ownership=content.ip_ownership,
            due_on=content.due_on,
        ),
    )
