"""Demands over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.demands.endpoints import board, demands, diagnosis, editions, posting, questions

ROUTERS: Final[tuple[APIRouter, ...]] = (
    board.routes,  # before what takes a demand's id
    demands.routes,
    diagnosis.routes,
    editions.routes,
    editions.rendering,
    questions.routes,
    posting.routes,
)
