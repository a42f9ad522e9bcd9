"""What one process is made of, built once and passed down."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Owner, OwnerLookup, Permission
from app.platform.db import Database
from app.platform.reactions import Reaction
from app.platform.secrets import Box, derive, master_secret
from app.platform.signing import Signer
from app.platform.timers import TimerHandler
from app.platform.tokens import Tokens
from app.platform.wakeups import Wakeups
from app.settings import Settings

_OWNERS_REMEMBERED: Final = 50_000


class Owners:
    """Whose the object of a path is; remembered, because an owner never changes."""

    def __init__(self, lookups: Mapping[str, OwnerLookup]) -> None:
        self.lookups = lookups
        self._known: OrderedDict[tuple[str, UUID], Owner] = OrderedDict()

    def remembered(self, parameter: str, object_id: UUID) -> Owner | None:
        """Return the owner if it was looked up before."""
        return self._known.get((parameter, object_id))

    async def find(self, session: AsyncSession, parameter: str, object_id: UUID) -> Owner | None:
        """Return the owner, or ``None`` if there is no such object."""
        owner = self.remembered(parameter, object_id)
        if owner is None:
            owner = await self.lookups[parameter](session, object_id)
            if owner is not None:
                self._known[parameter, object_id] = owner
                if len(self._known) > _OWNERS_REMEMBERED:
                    self._known.popitem(last=False)
        return owner


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of a process.

    Attributes:
        timer_handlers, reactions: The worker's; moving a sandbox clock runs them in an API
            process too.
        print_key: Keys the fingerprints of requests that came with an idempotency key.
        live: What modules keep for the life of the process, by name (the bid lanes).
    """

    settings: Settings
    database: Database
    permissions: Mapping[str, Permission]
    owners: Owners
    signer: Signer
    tokens: Tokens
    box: Box
    print_key: bytes
    timer_handlers: Mapping[str, TimerHandler]
    reactions: Sequence[Reaction]
    live: dict[str, object] = field(default_factory=dict)

    @property
    def wakeups(self) -> Wakeups:
        """The wake-ups of this process; closed with its database."""
        return self.database.wakeups


def build_runtime(
    settings: Settings,
    database_url: str,
    *,
    permissions: Mapping[str, Permission],
    owners: Mapping[str, OwnerLookup],
    timer_handlers: Callable[[Box], Mapping[str, TimerHandler]],
    reactions: Callable[[Box], Sequence[Reaction]],
) -> Runtime:
    """Put a process together; connects nothing.

    Args:
        timer_handlers, reactions: Made for this process's box, since some open what is sealed.
    """
    master = master_secret(settings)
    box = Box(derive(master, "at rest"))
    return Runtime(
        settings=settings,
        database=Database(database_url, pool_size=settings.database_pool_size),
        permissions=permissions,
        owners=Owners(owners),
        signer=Signer(box),
        tokens=Tokens(derive(master, "access tokens"), lifetime_s=settings.access_token_s),
        box=box,
        print_key=derive(master, "request prints"),
        timer_handlers=timer_handlers(box),
        reactions=reactions(box),
    )


async def _request_runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(_request_runtime)]
