"""An import of demands and what became of its rows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.shared.ids import DemandId, DemandImportId, FileId, MarketId, PartyId
from app.shared.tables.form import Fault


class DemandOutcome(StrEnum):
    """What became of a row."""

    STORED = "stored"  # a new draft
    UPDATED = "updated"  # the draft of its number says now what the row says
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DemandRowResult:
    """What became of one row.

    Attributes:
        row: Its number in the file, from 1.
        external_number: The poster's own, as the row has it.
        demand_id: The demand of this number, if there is one.
        hints: What the quality gate would mend.
    """

    row: int
    external_number: str
    outcome: DemandOutcome
    demand_id: DemandId | None = None
    faults: tuple[Fault, ...] = ()
    hints: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandImport:
    """One call.

    Attributes:
        rows: How many the file has.
        finished_at: ``None`` while it runs, and for ever if it broke: the same file again goes on.
    """

    id: DemandImportId
    market_id: MarketId
    party_id: PartyId
    file_id: FileId
    rows: int
    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    started_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedDemand:
    """What a number of a party's own stands for.

    Attributes:
        content_hash: Of the row that was imported last.
        version: Which version of the demand that row made or found.
    """

    external_number: str
    demand_id: DemandId
    content_hash: str
    version: int
