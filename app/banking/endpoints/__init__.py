"""Banking over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.banking.endpoints import accounts, lines, orders

ROUTERS: Final[tuple[APIRouter, ...]] = (
    lines.bulk,
    lines.routes,
    orders.files,
    orders.routes,
    accounts.routes,
)
