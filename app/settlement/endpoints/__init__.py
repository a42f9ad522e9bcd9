"""Settlement over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.settlement.endpoints import deals

ROUTERS: Final[tuple[APIRouter, ...]] = (deals.routes,)
