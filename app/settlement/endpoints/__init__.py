"""Settlement over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.settlement.endpoints import (
    certificates,
    deals,
    effects,
    fees,
    filings,
    invoices,
    sharing,
    texts,
    vouchers,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    deals.routes,
    effects.routes,
    texts.routes,
    texts.files,
    certificates.routes,
    certificates.files,
    fees.routes,
    filings.routes,
    invoices.routes,
    invoices.files,
    sharing.routes,
    sharing.rendering,
    vouchers.routes,
)
