"""Price statistics: aggregates and lots that everybody may know."""

from app.permissions.table import allow

allow(
    "get_price_statistics",
    "get_price_table",
    "list_price_lots",
    scope="insight:read",
    everyone=True,
)
