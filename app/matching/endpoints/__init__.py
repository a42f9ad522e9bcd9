"""Matching over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.matching.endpoints import (
    analyses,
    cases,
    days,
    feedback,
    matches,
    subscriptions,
    teams,
    weights,
    wishes,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    matches.routes,
    analyses.routes,
    subscriptions.routes,
    feedback.routes,
    weights.routes,
    teams.routes,
    wishes.routes,
    cases.routes,
    days.routes,
    days.slow,
)
