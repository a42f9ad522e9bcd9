"""Editions 需求清单: a city's periodic list of the demands that it posts together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from app.demands.domain.demand import ON_THE_BOARD, Demand
from app.shared import codes
from app.shared.calendar import SHANGHAI
from app.shared.canonical import digest
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import EditionId, MarketId
from app.shared.jsonable import jsonable


class EditionStatus(StrEnum):
    """Where an edition stands."""

    OPEN = "open"  # postings may name it
    PUBLISHED = "published"  # its list is frozen


class EditionTrigger(StrEnum):
    """What moves an edition."""

    PUBLISH = "publish"


EDITION_TRANSITIONS: Final[Mapping[tuple[EditionStatus, EditionTrigger], EditionStatus]] = {
    (EditionStatus.OPEN, EditionTrigger.PUBLISH): EditionStatus.PUBLISHED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A periodic list of demands.

    Attributes:
        number: Human number, ``ZP-L-2026-000001``.
        region_code: GB/T 2260.
        starts_on, ends_on: The period that it is of, both days included.
        content: What was published, as JSON; ``None`` while it is open.
        content_hash: SHA-256 of its RFC 8785 form.
    """

    id: EditionId
    number: str
    market_id: MarketId
    status: EditionStatus
    title: str
    region_code: str
    starts_on: date
    ends_on: date
    created_at: datetime
    published_at: datetime | None = None
    content: Mapping[str, Any] | None = None
    content_hash: str | None = None


class EditionPeriodWrong(RuleBroken):
    """A period ends after it begins."""

    code = "edition_period_wrong"
    title_zh = "清单期间的结束日不能早于开始日"
    title_en = "The edition's period ends before it begins"


class EditionEmpty(Conflict):
    """A list without a posted demand tells nothing."""

    code = "edition_empty"
    title_zh = "清单内没有已发榜的需求"
    title_en = "No posted demand is in this edition"


class EditionUnpublished(Conflict):
    """An open edition has no list yet that could be printed."""

    code = "edition_unpublished"
    title_zh = "该期需求清单尚未发布"
    title_en = "The edition is not published yet"


class EditionNotOpen(Conflict):
    """A posting names an edition that takes none."""

    code = "edition_not_open"
    title_zh = "该期需求清单不存在或已发布，不能再列入"
    title_en = "There is no such open edition in this market"


def check_period(starts_on: date, ends_on: date) -> None:
    """Refuse a period that ends before it begins.

    Raises:
        EditionPeriodWrong: It does.
    """
    if ends_on < starts_on:
        raise EditionPeriodWrong("Mend the period.", field="ends_on", minimum=starts_on)


def check_open(edition: Edition | None, market_id: MarketId) -> Edition:
    """Return an edition that a posting of a market may name.

    Raises:
        EditionNotOpen: There is none, it is another market's, or it was published.

    Invariant: DM28.
    """
    if (
        edition is None
        or edition.market_id != market_id
        or edition.status is not EditionStatus.OPEN
    ):
        raise EditionNotOpen("Name an open edition, or none.", field="edition_id")
    return edition


def write_edition(
    edition: Edition, demands: Sequence[Demand], *, at: datetime
) -> tuple[Mapping[str, Any], str]:
    """Return the content of a published list and its hash; restricted texts stay out.

    Args:
        demands: Those that name it, in the order of their numbers.

    Raises:
        EditionEmpty: None of them was posted.

    Invariant: DM28.
    """
    posted = [demand for demand in demands if demand.status in ON_THE_BOARD]
    if not posted:
        raise EditionEmpty("Post a demand into it first.")
    content: dict[str, Any] = jsonable(
        {
            "edition_id": edition.id,
            "edition_number": edition.number,
            "market_id": edition.market_id,
            "title": edition.title,
            "region_code": edition.region_code,
            "starts_on": edition.starts_on,
            "ends_on": edition.ends_on,
            "published_at": at,
            "demands": [_entry(demand) for demand in posted],
        }
    )
    return content, digest(content)


def _entry(demand: Demand) -> dict[str, Any]:
    told = demand.content.told
    return {
        "demand_id": demand.id,
        "number": demand.number,
        "round": demand.round,
        "title": told.title,
        "technology_field": told.technology_field,
        "background": told.background,
        "targets": told.targets,
        "budget": told.budget,
        "due_on": told.due_on,
        "cooperation_mode": told.cooperation_mode,
        "ip_ownership": told.ip_ownership,
        "failure_risk_rule": told.failure_risk_rule,
        "who_may_answer": told.who_may_answer,
        "closes_at": demand.closes_at,
        "terms_hash": demand.terms_hash,
    }


_OPERATORS: Final = {"at_least": "不低于", "at_most": "不高于", "equal": "等于"}


def printed(edition: Edition, *, exchange: str) -> dict[str, Any]:
    """Return what the Chinese document of a published list is made of."""
    assert edition.content is not None
    content = edition.content
    return {
        "title": edition.title,
        "number": edition.number,
        "exchange": exchange,
        "region": _label(codes.REGIONS, edition.region_code),
        "period": f"{edition.starts_on:%Y年%m月%d日}—{edition.ends_on:%Y年%m月%d日}",
        "published_at": _moment(content["published_at"]),
        "content_hash": edition.content_hash,
        "demands": [_printed_entry(item) for item in content["demands"]],
    }


def _printed_entry(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": item["number"],
        "title": item["title"],
        "field": _label("technology_field", item["technology_field"]),
        "background": item["background"],
        "targets": [_printed_target(target) for target in item["targets"]],
        "budget": _printed_budget(item["budget"]),
        "due_on": item["due_on"],
        "cooperation_mode": _label("cooperation_mode", item["cooperation_mode"]),
        "ip_ownership": _label("ip_ownership", item["ip_ownership"]),
        "failure_risk_rule": _label("failure_risk_rule", item["failure_risk_rule"]),
        "closes_at": _moment(item["closes_at"]),
    }


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(SHANGHAI):%Y年%m月%d日 %H:%M}"


def _printed_target(target: Mapping[str, Any]) -> list[str]:
    operator = target["operator"]
    if operator == "between":
        value = f"{target['value']}—{target['value_max']}"
    else:
        value = f"{_OPERATORS[operator]} {target['value']}"
    return [target["name"], f"{value} {target['unit']}".strip(), target["test_method"]]


def _printed_budget(budget: Mapping[str, Any]) -> str:
    low, high = budget["low"], budget["high"]
    if low is None:
        return "面议"
    if low == high:
        return f"{low['amount']} {low['currency']}"
    return f"{low['amount']}—{high['amount']} {high['currency']}"


def _label(table: str, name: str) -> str:
    for entry in codes.table(table).entries:
        if entry.name == name:
            return entry.label_zh
    return name
