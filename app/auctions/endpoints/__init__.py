"""Routes of auctions, a file each group."""

from typing import Final

from fastapi import APIRouter

from app.auctions.endpoints import (
    auctions,
    awards,
    bidding,
    opening,
    planning,
    proof,
    rooms,
    running,
)

BID_PATH: Final[APIRouter] = bidding.routes  # matched first: a bidder has seconds
ROUTERS: Final[tuple[APIRouter, ...]] = (
    auctions.routes,
    awards.routes,
    planning.routes,
    running.routes,
    rooms.routes,
    opening.routes,
    proof.proofs,
    proof.routes,
)
