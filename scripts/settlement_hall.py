"""Who trades in a nation's year, and what they sell, for `settlement_filling.py`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from stdnum.cn import uscc

from app.identity.models import PartyRow
from app.platform.db import Database, insert_rows
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, PartyId, new_id
from app.shared.patent_number import patent_check_digit
from scripts.shelf_texts import FIELDS, texts

SLICE: Final = 2_500
YEAR_BEGINS: Final = datetime(2025, 1, 1, 9, tzinfo=SHANGHAI)

# Class, type, first digits of the credit code, and the name's end.
_UNITS: Final = (
    ("university", "higher_education", "12", "理工大学"),
    ("university", "higher_education", "12", "农林大学"),
    ("government_institute", "research_institute", "12", "材料研究所"),
    ("private", "limited_liability_company", "91", "科技有限公司"),
    ("state_owned_enterprise", "state_owned_enterprise", "91", "研究院有限公司"),
)
_FIRMS: Final = ("limited_liability_company", "joint_stock_company", "private_enterprise")
_SCALES: Final = ("large", "medium", "small", "micro")
_INDUSTRIES: Final = ("manufacturing", "utilities", "construction", "information_software")
# Code and postcode.
_REGIONS: Final = (
    ("330106", "310012"),
    ("330203", "315000"),
    ("330782", "322000"),
    ("330110", "311100"),
    ("330402", "314000"),
)
# How it is sold, the contract's type, under which right.
KINDS: Final = (
    ("transfer", "transfer_patent", "invention_patent"),
    ("licence_ordinary", "licence_patent", "invention_patent"),
    ("licence_exclusive", "licence_patent", "utility_model"),
    ("licence_ordinary", "licence_technical_secret", "technical_secret"),
    ("transfer", "transfer_software_copyright", "software_copyright"),
)
_PLANS: Final = ("national_plan", "provincial_plan", "local_plan", "outside_plan")
AIMS: Final = ("industry_commerce", "energy", "health", "environment_pollution_control")
_SURNAMES: Final = "许郭倪沈陆章范周吴郑"
_GIVEN: Final = ("澜清", "一舟", "敏", "景深", "晓岚", "启明")


@dataclass(frozen=True)
class Hall:
    """Who trades in a market.

    Attributes:
        policy: Id and terms of the policy that the listings froze.
    """

    market_id: MarketId
    sellers: tuple[PartyId, ...]
    buyers: tuple[PartyId, ...]
    policy: tuple[UUID, Any]


def buyer_name(number: int) -> str:
    """Return the registered name of a buyer."""
    person = number % 50 == 0
    return f"{_person(number)}{number}" if person else f"求是智造{number:05}有限公司"


def _person(number: int) -> str:
    return _SURNAMES[number % 10] + _GIVEN[number // 10 % len(_GIVEN)]


def _code(prefix: str, number: int) -> str:
    body = f"{prefix}{number:09}"
    return body + str(uscc.calc_check_digit(body))


def _party(market_id: MarketId, number: int, *, sells: bool) -> dict[str, Any]:
    unit = _UNITS[number % len(_UNITS)]
    person = not sells and number % 50 == 0
    region, postcode = _REGIONS[number // 5 % len(_REGIONS)]
    kind = _FIRMS[number % len(_FIRMS)]
    industry = "research_technical_services" if sells else _INDUSTRIES[number % 4]
    return {
        "id": new_id(),
        "market_id": market_id,
        "kind": "person" if person else "organisation",
        "status": "verified",
        "name": f"钱塘{number:04}{unit[3]}" if sells else buyer_name(number),
        "credit_code": None
        if person
        else _code((unit[2] if sells else "91") + region, number + (600_000 if sells else 500_000)),
        "region_code": region,
        "address": f"望溪路{number % 900 + 1}号",
        "seller_class": unit[0] if sells else None,
        "party_type": unit[1] if sells else "natural_person" if person else kind,
        "scale": None if person else _SCALES[number % 4],
        "industry": None if person else industry,
        "representative": None if person else _person(number),
        "contact": _person(number + 7),
        "phone": f"0571-5555{number % 10_000:04}",
        "postcode": postcode,
        "in_high_tech_zone": number % 3 == 0,
        "listed": not person and kind == "joint_stock_company" and number % 8 == 1,
        "beneficial_owners": [],
        "registered_at": YEAR_BEGINS,
    }


def _right_number(right: str, number: int) -> str | None:
    match right:
        case "technical_secret":
            return None
        case "software_copyright":
            return f"2024SR{number % 10**7:07}"
    body = f"2023{1 if right == 'invention_patent' else 2}{number % 10**7:07}"
    return f"{body}.{patent_check_digit(body)}"


async def make_hall(database: Database, market_id: MarketId, *, sellers: int, buyers: int) -> Hall:
    """Put verified parties into a market; commits."""
    selling = [_party(market_id, number, sells=True) for number in range(sellers)]
    buying = [_party(market_id, number, sells=False) for number in range(buyers)]
    async with database.transaction() as session:
        for rows in (selling, buying):
            for begin in range(0, len(rows), SLICE):
                await insert_rows(session, PartyRow, rows[begin : begin + SLICE])
        found = await session.execute(text("SELECT id, terms FROM policies LIMIT 1"))
        policy = found.one()
    return Hall(
        market_id,
        tuple(PartyId(row["id"]) for row in selling),
        tuple(PartyId(row["id"]) for row in buying),
        (policy.id, policy.terms),
    )


def achievements(hall: Hall, numbers: range) -> Iterator[dict[str, Any]]:
    """Yield the rows of accepted achievements, each with its completers."""
    for number, said in zip(numbers, texts(len(numbers), seed=numbers.start + 1), strict=True):
        right = KINDS[number % len(KINDS)][2]
        persons = number % 4 + 1
        shares = [10_000 // persons] * (persons - 1)
        yield {
            "id": new_id(),
            "market_id": hall.market_id,
            "party_id": hall.sellers[number * 31 % len(hall.sellers)],
            "status": "accepted",
            "title": said.title,
            "abstract": said.abstract,
            "technology_field": FIELDS[number % len(FIELDS)],
            "kind": "applied",
            "ip_kind": right,
            "ip_assets": [
                {
                    "kind": right,
                    "number": _right_number(right, number),
                    "title": said.title,
                    "status": "kept_secret" if right == "technical_secret" else "granted",
                    "expires_on": "2043-01-31" if "patent" in right else None,
                }
            ],
            "readiness_scale": "trl_9",
            "readiness_level": 7,
            "evidence": "中试线连续运行四个月,用户出具运行报告。",
            "state_of_the_art": "同类方案能耗高一倍,且须停机标定。",
            "completers": [
                {"name": f"{_person(number + place)}{place or ''}", "share_bp": share}
                for place, share in enumerate([*shares, 10_000 - sum(shares)])
            ],
            "service_result": True,
            "empowerment": "none",
            "plan_source": _PLANS[number % 4],
            "conversion_modes": ["transfer", "licence_ordinary"],
            "price_idea_minor": None,
            "price_idea_currency": None,
            "confidentiality": "public",
            "keywords": list(said.keywords),
            "public_summary": None,
            "secrecy": "cleared",
            "funding_project": None,
            "price_basis": None,
            "attachments": [],
            "version": 1,
            "collected_at": YEAR_BEGINS,
            "submitted_at": YEAR_BEGINS,
            "reviewed_at": YEAR_BEGINS,
            "due_at": None,
            "reason": None,
        }
