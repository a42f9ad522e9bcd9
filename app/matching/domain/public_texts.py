"""What everybody may read of an achievement and of a demand, as an entry."""

from app.demands.public import Demand, DemandContent
from app.listings.public import Achievement
from app.matching.domain.entry import Entry, EntryKind, Facts, Readiness


def entry_of_achievement(achievement: Achievement, region: str | None) -> Entry:
    """Return the entry of an achievement on the shelf: of a restricted one, its public summary.

    Args:
        region: Of its owner.

    Invariant: MT27.
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
            region=region,
            modes=content.conversion_modes,
        ),
    )


def entry_of_demand(demand: Demand, region: str | None) -> Entry:
    """Return the entry of a posted demand: its background and what shall be reached.

    Args:
        region: Of its poster.

    Invariant: MT27.
    """
    content = demand.content.told
    return Entry(
        id=demand.id,
        kind=EntryKind.DEMAND,
        market_id=demand.market_id,
        party_id=demand.party_id,
        revision=demand.version,
        title=content.title,
        keywords=(),
        text=text_of_demand(content),
        facts=facts_of_demand(content, region),
    )


def text_of_demand(content: DemandContent) -> str:
    """Return what a demand's content is found by beside its title."""
    aims = (f"{target.name} {target.unit}".rstrip() for target in content.targets)
    return "\n".join((content.background, *aims))


def facts_of_demand(content: DemandContent, region: str | None) -> Facts:
    """Return what a demand's content states beside its text."""
    return Facts(
        technology_field=content.technology_field,
        price_low=content.budget.low,
        price_high=content.budget.high,
        region=region,
        modes=(content.cooperation_mode,),
        ip_ownership=content.ip_ownership,
        due_on=content.due_on,
    )
