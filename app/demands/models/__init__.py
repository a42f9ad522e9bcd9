"""Tables of demands; importing this package registers all of them."""

from app.demands.models.demands import DemandNoticeRow, DemandRow, DemandVersionRow

__all__ = ["DemandNoticeRow", "DemandRow", "DemandVersionRow"]
