"""Settlement over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.settlement.endpoints import (
    annual,
    certificates,
    deals,
    effects,
    exports,
    fees,
    filings,
    invoices,
    linting,
    royalties,
    sharing,
    tax,
    terms,
    texts,
    tracking,
    vouchers,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    deals.routes,
    terms.routes,
    royalties.routes,
    effects.routes,
    texts.routes,
    texts.files,
    certificates.routes,
    certificates.files,
    fees.routes,
    filings.bulk,
    filings.routes,
    exports.routes,
    invoices.routes,
    invoices.files,
    linting.routes,
    sharing.routes,
    sharing.rendering,
    tax.routes,
    tracking.routes,
    annual.routes,
    annual.files,
    vouchers.routes,
)
