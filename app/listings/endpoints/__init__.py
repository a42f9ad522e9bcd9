"""Routes of listings."""

from typing import Final

from fastapi import APIRouter

from app.listings.endpoints import (
    achievements,
    evaluating,
    imports,
    listings,
    registrations,
    selection,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    imports.bulk,  # before achievements: routes are matched in order
    imports.routes,
    selection.routes,  # before achievements, too
    achievements.routes,
    evaluating.routes,
    listings.routes,
    registrations.routes,
)
