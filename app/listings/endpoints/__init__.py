"""Routes of listings."""

from typing import Final

from fastapi import APIRouter

from app.listings.endpoints import achievements, evaluating, imports, listings, registrations

ROUTERS: Final[tuple[APIRouter, ...]] = (
    imports.bulk,  # before achievements: routes are matched in order
    imports.routes,
    achievements.routes,
    evaluating.routes,
    listings.routes,
    registrations.routes,
)
