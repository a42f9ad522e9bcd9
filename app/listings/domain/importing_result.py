"""An import and what became of its rows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.shared.ids import AchievementId, FileId, ImportId, MarketId, PartyId
from app.shared.tables.form import Fault


class Outcome(StrEnum):
    """What became of a row."""

    STORED = "stored"
    UNCHANGED = "unchanged"  # the party has imported the same content before
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row.

    Attributes:
        row: Its number in the file, from 1.
        achievement_id: What it became, now or before; ``None`` if it was refused.
    """

    row: int
    outcome: Outcome
    achievement_id: AchievementId | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One call.

    Attributes:
        draft: Whether its rows are kept as drafts.
        rows: How many the file has.
        finished_at: ``None`` while it runs, and for ever if it broke: the same file again goes on.
    """

    id: ImportId
    market_id: MarketId
    party_id: PartyId
    file_id: FileId
    draft: bool
    rows: int
    stored: int = 0
    unchanged: int = 0
    refused: int = 0
    started_at: datetime
    finished_at: datetime | None = None
