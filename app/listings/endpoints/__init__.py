"""Routes of listings."""

from typing import Final

from fastapi import APIRouter

from app.listings.endpoints import achievements, evaluating, listings, registrations

ROUTERS: Final[tuple[APIRouter, ...]] = (
    achievements.routes,
    evaluating.routes,
    listings.routes,
    registrations.routes,
)
