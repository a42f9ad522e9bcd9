"""Routes of evaluations and valuations."""

from typing import Final

from fastapi import APIRouter

from app.valuations.endpoints import (
    comparables,
    evaluation_reports,
    evaluations,
    valuation_reports,
    valuations,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    evaluations.routes,
    evaluation_reports.routes,
    evaluation_reports.rendering,
    valuations.computing,
    valuations.routes,
    valuation_reports.routes,
    valuation_reports.rendering,
    comparables.routes,
)
