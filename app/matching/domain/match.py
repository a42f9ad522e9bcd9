"""Matches 匹配结果: an entry found for a wish, with every reason in figures and words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.matching.domain.entry import EntryKind
from app.shared.ids import MarketId, PartyId


class Verdict(StrEnum):
    """How well an entry fits; the calibration says how often each is right."""

    STRONG = "strong"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one factor gives to a score.

    Attributes:
        name: A name of `domain.weights`, ``coverage`` and ``semantic`` among them.
        value: 0 to 1; ``None`` if one side states nothing: then it weighs nothing.
        weight: Its part of the whole for this pair; the weights of a match sum to 1.
        points: ``value * weight``; those of a match sum to its score.
        note_zh, note_en: The two sides compared, for people.
    """

    name: str
    value: float | None
    weight: float
    points: float
    note_zh: str
    note_en: str


@dataclass(frozen=True, slots=True)
class MatchedTerm:
    """A word that both sides have, with its part of the coverage; all parts sum to at most 1."""

    text: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Where the two sides lie apart."""

    factor: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One found entry.

    Attributes:
        revision: Of the entry's content that was judged.
        text_score: What the verdict is judged by, 0 to 1.
        score: Sum of the contributions' points, 0 to 1.
    """

    entry_id: UUID
    kind: EntryKind
    market_id: MarketId
    party_id: PartyId
    revision: int
    title: str
    score: float
    text_score: float
    verdict: Verdict
    contributions: tuple[Contribution, ...]
    terms: tuple[MatchedTerm, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a result rests on, so that it can be found again.

    Attributes:
        weights: Version of the weights.
        calibration: Version of the calibration.
        model: Name of the embedding model; ``None`` where only words were compared.
    """

    weights: str
    calibration: str
    model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a wish has found, best first.

    Attributes:
        verdict: The best one's: ``none`` says that nothing suitable is there.
        excluded: By hard condition, how many candidates it kept out.
    """

    matches: tuple[Match, ...]
    verdict: Verdict
    excluded: Mapping[str, int]
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """What an entry found, kept as it was shown; feedback names its id.

    Attributes:
        kind, entry_id, revision: Whose result it is.
        party_id: Whose entry that is.
        excluded: By hard condition, how many candidates it kept out.
        matches: The stored form of `Found`.matches, see `domain.storing`.
    """

    id: UUID
    market_id: MarketId
    party_id: PartyId
    kind: EntryKind
    entry_id: UUID
    revision: int
    computed_at: datetime
    verdict: Verdict
    basis: Basis
    excluded: Mapping[str, int]
    matches: tuple[Mapping[str, Any], ...]
