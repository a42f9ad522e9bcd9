"""Routes of evaluations and valuations."""

from typing import Final

from fastapi import APIRouter

from app.valuations.endpoints import evaluation_reports, evaluations

ROUTERS: Final[tuple[APIRouter, ...]] = (
    evaluations.routes,
    evaluation_reports.routes,
    evaluation_reports.rendering,
)
