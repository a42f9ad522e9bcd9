"""Matching over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.matching.endpoints import analyses, feedback, matches, subscriptions, weights

ROUTERS: Final[tuple[APIRouter, ...]] = (
    matches.routes,
    analyses.routes,
    subscriptions.routes,
    feedback.routes,
    weights.routes,
)
