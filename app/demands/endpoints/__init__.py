"""Demands over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.demands.endpoints import (
    board,
    challenges,
    demands,
    diagnosis,
    editions,
    engagements,
    imports,
    objections,
    posting,
    proposals,
    questions,
    reviews,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    board.routes,  # before what takes a demand's id
    imports.bulk,  # before demands: routes are matched in order
    imports.routes,
    demands.routes,
    diagnosis.routes,
    editions.routes,
    editions.rendering,
    questions.routes,
    posting.routes,
    proposals.routes,
    engagements.routes,
    challenges.routes,
    reviews.routes,
    objections.routes,
)
