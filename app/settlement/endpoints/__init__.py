"""Settlement over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.settlement.endpoints import certificates, deals, filings

ROUTERS: Final[tuple[APIRouter, ...]] = (
    deals.routes,
    certificates.routes,
    certificates.files,
    filings.routes,
)
