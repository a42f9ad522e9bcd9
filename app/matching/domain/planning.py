"""Plans of matchmaking days as they are kept and published: every meeting with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Basis, Match
from app.matching.domain.matchmaking import Day, DayStatus, Setting, Slot
from app.matching.domain.reasons import basis_points, told_reasons
from app.matching.domain.scheduling import Meeting, Schedule, Without
from app.matching.domain.storing import basis_to_json, match_to_json
from app.shared.canonical import digest
from app.shared.ids import PartyId
from app.shared.jsonable import jsonable

_WHY: Final[Mapping[Without, tuple[str, str]]] = {
    Without.NO_PAIR: ("受邀的对方条目中没有匹配的", "none of the invited entries fits it"),
    Without.NO_COMMON_SLOT: (
        "匹配的对方与其没有共同可到场的时段",
        "whoever fits it is away whenever it is there",
    ),
    Without.NO_PLACE: (
        "桌位、时段或单位场次已满，其他配对可使更多需求获得对接或匹配度更高",
        "others serve more demands or fit better in the places there are",
    ),
    Without.GONE: ("排期时已下架或不再开放", "it was no longer on offer when the plan was made"),
}
_SIDES: Final = ("demand", "achievement")
_PUBLIC: Final = ("slots", "tables")  # of a setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invited entry as the plan names it; what is gone has neither party nor revision."""

    id: UUID
    kind: EntryKind
    title: str | None
    party_id: PartyId | None = None
    party_name: str | None = None
    revision: int | None = None


def write_plan(
    made: Schedule,
    *,
    setting: Setting,
    matches: Mapping[tuple[UUID, UUID], Match],
    invited: Mapping[UUID, Invited],
    without: Mapping[UUID, Without],
    basis: Basis,
) -> dict[str, Any]:
    """Return the stored form of a schedule: meetings by slot and table, and who has none and why.

    Slots and tables count from 1, as people read them; scores are basis points.

    Args:
        matches: Of the pairs that meet, by demand and achievement.

    Invariants: MT74, MT83.
    """
    meetings = [
        _told(meeting, setting.slots[meeting.slot], matches, invited) for meeting in made.meetings
    ]
    plan: dict[str, Any] = jsonable(
        {
            "method": made.method,
            "optimal": made.optimal,
            "demands_served": made.served,
            "score_bp": made.score,
            "ceiling": {"demands_served": made.ceiling.served, "score_bp": made.ceiling.score},
            "basis": basis_to_json(basis),
            "meetings": meetings,
            "without": [
                {
                    "entry": invited[entry],
                    "why": why,
                    "why_zh": _WHY[why][0],
                    "why_en": _WHY[why][1],
                }
                for entry, why in without.items()
            ],
        }
    )
    return plan


def _told(
    meeting: Meeting,
    slot: Slot,
    matches: Mapping[tuple[UUID, UUID], Match],
    invited: Mapping[UUID, Invited],
) -> dict[str, Any]:
    pair = meeting.pairing
    match = match_to_json(matches[pair.demand_id, pair.achievement_id])
    why_zh, why_en = told_reasons(match)
    return {
        "slot": meeting.slot + 1,
        "table": meeting.table + 1,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "demand": invited[pair.demand_id],
        "achievement": invited[pair.achievement_id],
        "score_bp": pair.score,
        "verdict": match["verdict"],
        "why_zh": why_zh,
        "why_en": why_en,
        "points": [
            {
                "name": item["name"],
                "points_bp": basis_points(item["points"]),
                "note_zh": item["note_zh"],
                "note_en": item["note_en"],
            }
            for item in match["contributions"]
        ],
    }


def publish_plan(day: Day, *, version: int, at: datetime) -> tuple[dict[str, Any], str]:
    """Return what is published of a day's plan, and its SHA-256 over the RFC 8785 form."""
    assert day.plan is not None
    setting = day.setting
    content: dict[str, Any] = jsonable(
        {
            "day_id": day.id,
            "market_id": day.market_id,
            "version": version,
            "title": day.title,
            "held_on": day.held_on,
            "place": day.place,
            "tables": setting.tables,
            "slots": setting.slots,
            "published_at": at,
            **day.plan,
        }
    )
    return content, digest(content)


def as_published(day: Day, content: Mapping[str, Any]) -> Day:
    """Return a day as everybody reads it: what is published holds while the next is prepared.

    Invariant: MT85.
    """
    whole = Setting.from_json(day.setting.as_json() | {name: content[name] for name in _PUBLIC})
    return replace(
        day,
        status=day.status if day.status is DayStatus.CANCELLED else DayStatus.PUBLISHED,
        title=content["title"],
        held_on=date.fromisoformat(content["held_on"]),
        place=content["place"],
        setting=whole,
    )


def revisions_of(plan: Mapping[str, Any]) -> Mapping[UUID, int]:
    """Return the revision in which each entry that meets was judged."""
    return {
        UUID(meeting[side]["id"]): meeting[side]["revision"]
        for meeting in plan["meetings"]
        for side in _SIDES
    }


def parties_of(plan: Mapping[str, Any]) -> Sequence[PartyId]:
    """Return everybody whose entries are named, in order."""
    named = [meeting[side] for meeting in plan["meetings"] for side in _SIDES]
    named += [item["entry"] for item in plan["without"]]
    known = sorted({entry["party_id"] for entry in named if entry["party_id"] is not None})
    return [PartyId(UUID(party)) for party in known]


def part_of(plan: Mapping[str, Any], party_id: PartyId) -> dict[str, Any]:
    """Return what a party is told of a plan: its own meetings, and which of its entries have none.

    Invariant: MT86.
    """
    own = str(party_id)
    return {
        "meetings": [
            meeting
            for meeting in plan["meetings"]
            if own in {meeting[side]["party_id"] for side in _SIDES}
        ],
        "without": [item for item in plan["without"] if item["entry"]["party_id"] == own],
    }


def told_anew(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Sequence[PartyId]:
    """Return the parties for whom a new version says something else than the one before.

    Invariant: MT87.
    """
    if before is None:
        return parties_of(after)
    known = dict.fromkeys([*parties_of(before), *parties_of(after)])
    return [party for party in known if _essence(before, party) != _essence(after, party)]


def _essence(plan: Mapping[str, Any], party_id: PartyId) -> Any:
    """Return whom a party meets where and when; another reason is no other meeting."""
    own = part_of(plan, party_id)
    meetings = [
        (
            meeting["starts_at"],
            meeting["ends_at"],
            meeting["table"],
            *(meeting[side]["id"] for side in _SIDES),
        )
        for meeting in own["meetings"]
    ]
    return meetings, [item["entry"]["id"] for item in own["without"]], plan["place"]
