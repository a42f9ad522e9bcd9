"""Tables of evaluations and valuations; importing this package registers all of them."""

from app.valuations.models.evaluations import (
    EvaluationRow,
    ExplanationRow,
    MarketViewRow,
    ReportRow,
    SeatRow,
    SheetRow,
)
from app.valuations.models.valuations import (
    ComparableRow,
    SaleRecordRow,
    SignedValuationRow,
    ValuationRow,
)

__all__ = [
    "ComparableRow",
    "EvaluationRow",
    "ExplanationRow",
    "MarketViewRow",
    "ReportRow",
    "SaleRecordRow",
    "SeatRow",
    "SheetRow",
    "SignedValuationRow",
    "ValuationRow",
]
