"""How matches are kept: plain JSON values, with the figures as they were shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Basis, Contribution, Gap, Match, MatchedTerm, Verdict
from app.shared.ids import MarketId, PartyId


def match_to_json(match: Match) -> dict[str, Any]:
    """Return the stored form of a match."""
    return {
        "entry_id": str(match.entry_id),
        "kind": str(match.kind),
        "market_id": str(match.market_id),
        "party_id": str(match.party_id),
        "revision": match.revision,
        "title": match.title,
        "score": match.score,
        "text_score": match.text_score,
        "verdict": str(match.verdict),
        "contributions": [
            {
                "name": item.name,
                "value": item.value,
                "weight": item.weight,
                "points": item.points,
                "note_zh": item.note_zh,
                "note_en": item.note_en,
            }
            for item in match.contributions
        ],
        "terms": [{"text": term.text, "share": term.share} for term in match.terms],
        "gaps": [
            {"factor": gap.factor, "text_zh": gap.text_zh, "text_en": gap.text_en}
            for gap in match.gaps
        ],
    }


def match_from_json(told: Mapping[str, Any]) -> Match:
    """Read the stored form back."""
    return Match(
        entry_id=UUID(told["entry_id"]),
        kind=EntryKind(told["kind"]),
        market_id=MarketId(UUID(told["market_id"])),
        party_id=PartyId(UUID(told["party_id"])),
        revision=told["revision"],
        title=told["title"],
        score=told["score"],
        text_score=told["text_score"],
        verdict=Verdict(told["verdict"]),
        contributions=tuple(Contribution(**item) for item in told["contributions"]),
        terms=tuple(MatchedTerm(**item) for item in told["terms"]),
        gaps=tuple(Gap(**item) for item in told["gaps"]),
    )


def basis_to_json(basis: Basis) -> dict[str, Any]:
    """Return the stored form of what a result rests on."""
    return {"weights": basis.weights, "calibration": basis.calibration, "model": basis.model}
