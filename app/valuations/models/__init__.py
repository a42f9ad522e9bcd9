"""Tables of evaluations and valuations; importing this package registers all of them."""

from app.valuations.models.evaluations import (
    EvaluationRow,
    ExplanationRow,
    MarketViewRow,
    ReportRow,
    SeatRow,
    SheetRow,
)

__all__ = [
    "EvaluationRow",
    "ExplanationRow",
    "MarketViewRow",
    "ReportRow",
    "SeatRow",
    "SheetRow",
]
