"""Free queries 自由匹配: a text and what is stated beside it, checked before anything is found."""

from functools import partial

from app.matching.domain.entry import EntryKind
from app.matching.domain.wish import Wish
from app.matching.domain.wishes import EntryWishes, find_faults
from app.shared import codes
from app.shared.errors import RuleBroken
from app.shared.findings import Findings


class MatchQueryInvalid(RuleBroken):
    """The query breaks rules; ``errors`` names each field, rule and what would pass."""

    code = "match_query_invalid"
    title_zh = "匹配查询不符合要求"
    title_en = "The match query breaks rules"


def check_query(wish: Wish) -> None:
    """Refuse a query whose facts or conditions no entry can have, naming all faults.

    Raises:
        MatchQueryInvalid: Names that no code table has; also the faults of `check_wishes`.

    Invariant: MT11.
    """
    facts, asker = wish.facts, wish.wants.other
    findings = Findings()
    modes = "cooperation_mode" if asker is EntryKind.DEMAND else "conversion_mode"
    named = [("technology_field", "technology_field", facts.technology_field)]
    named += [(f"modes.{place}", modes, mode) for place, mode in enumerate(facts.modes)]
    named.append(("ip_ownership", "ip_ownership", facts.ip_ownership))
    for where, table, name in named:
        if name is not None:
            findings.catch(where, partial(codes.require, table, name, field=where))
    stated = EntryWishes(readiness=facts.readiness, region=facts.region)
    # A result states its level as a demand asks for one.
    find_faults(findings, stated, EntryKind.DEMAND)
    find_faults(findings, EntryWishes(conditions=wish.conditions), asker)
    if findings.errors:
        raise MatchQueryInvalid(findings.summary(), errors=findings.errors)
