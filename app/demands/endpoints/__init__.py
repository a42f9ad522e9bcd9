"""Demands over HTTP, by subject."""

from typing import Final

from fastapi import APIRouter

from app.demands.endpoints import demands, posting

ROUTERS: Final[tuple[APIRouter, ...]] = (demands.routes, posting.routes)
