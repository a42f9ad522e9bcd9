"""The composition root: which routers, owners, timers and reactions the modules bring."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter

from app.permissions import PERMISSIONS
from app.platform import endpoints as operations
from app.platform.access import OwnerLookup
from app.platform.files import endpoints as files
from app.platform.postgres import database_url
from app.platform.reactions import Reaction
from app.platform.runtime import Runtime, build_runtime
from app.platform.timers import TimerHandler
from app.settings import Settings

ROUTERS: Final[tuple[APIRouter, ...]] = (
    operations.routes,
    files.routes,
    files.uploads,
)

OWNERS: Final[Mapping[str, OwnerLookup]] = {
    "file_id": files.owner_of_file,
}

TIMERS: Final[Mapping[str, TimerHandler]] = {}

REACTIONS: Final[tuple[Reaction, ...]] = ()


def assemble(settings: Settings) -> Runtime:
    """Build the process's runtime; starts the embedded database if none is configured."""
    return build_runtime(
        settings,
        database_url(settings),
        permissions=PERMISSIONS,
        owners=OWNERS,
        timer_handlers=TIMERS,
        reactions=REACTIONS,
    )
