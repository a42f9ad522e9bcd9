"""Demands over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.demands.endpoints import board, demands, posting

ROUTERS: Final[tuple[APIRouter, ...]] = (
    board.routes,  # before what takes a demand's id
    demands.routes,
    posting.routes,
)
