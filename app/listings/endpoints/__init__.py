"""Routes of listings."""

from typing import Final

from fastapi import APIRouter

from app.listings.endpoints import (
    achievements,
    agreements,
    deposits,
    evaluating,
    imports,
    listings,
    notices,
    posting,
    registrations,
    roadshows,
    room_talks,
    rooms,
    search,
    selection,
    valuing,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    imports.bulk,  # before achievements: routes are matched in order
    imports.routes,
    selection.routes,  # before achievements, too
    achievements.routes,
    evaluating.routes,
    valuing.routes,
    listings.routes,
    agreements.routes,
    posting.routes,
    registrations.routes,
    deposits.routes,
    search.routes,
    notices.routes,
    roadshows.routes,
    rooms.routes,
    room_talks.routes,
)
