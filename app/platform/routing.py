"""The gate before every route: who, may it, once, in one transaction, committed, then answered.

FastAPI runs code behind a dependency's ``yield`` after the response has left, so a commit
there could fail behind a 200. The gate commits first and returns the response afterwards.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine, Set
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import idempotency, problems
from app.platform.access import (
    ANONYMOUS,
    Actor,
    KeyUse,
    ObjectUnknown,
    Permission,
    Reach,
    check_owner,
    check_role,
)
from app.platform.idempotency import Answer
from app.platform.runtime import Runtime
from app.platform.tokens import TokenInvalid
from app.shared.errors import Conflict, DomainError, Forbidden, NotFound, RuleBroken

Inner = Callable[[Request], Awaitable[Response]]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS: Final = ("content-type", "location", "etag")
_DECIDED: Final = (RuleBroken, Conflict, NotFound, Forbidden)


class KeyMissing(RuleBroken):
    """Money or a bid moves here, so a retry must be recognisable."""

    code = "idempotency_key_missing"
    title_zh = "此操作必须携带幂等键"
    title_en = "This route needs an idempotency key"


class KeyMalformed(RuleBroken):
    """The idempotency key is not printable ASCII of a reasonable length."""

    code = "idempotency_key_malformed"
    title_zh = "幂等键格式不正确"
    title_en = "The idempotency key is malformed"


def actor_of(request: Request, runtime: Runtime) -> Actor:
    """Return the bearer of the request's token, or `ANONYMOUS` without one.

    Raises:
        TokenInvalid: There is a token but it is not good.
    """
    header = request.headers.get("authorization")
    if header is None:
        return ANONYMOUS
    kind, _, token = header.partition(" ")
    if kind.lower() == "basic":
        return ANONYMOUS  # a client's credentials for the token routes, RFC 6749 §2.3.1
    if kind.lower() != "bearer" or not token:
        raise TokenInvalid("Send 'Authorization: Bearer <token>'.")
    return runtime.tokens.read(token)


def key_of(request: Request, use: KeyUse) -> str | None:
    """Return the request's idempotency key.

    Raises:
        KeyMissing: Required here and absent.
        KeyMalformed: Not 1–255 printable ASCII characters.
    """
    if use is KeyUse.NONE:
        return None
    key = request.headers.get("idempotency-key")
    if key is None:
        if use is KeyUse.REQUIRED:
            raise KeyMissing(
                "Send a fresh Idempotency-Key, e.g. a UUID, and repeat it on retries.",
                field="Idempotency-Key",
            )
        return None
    if not _KEY.fullmatch(key):
        raise KeyMalformed(
            "The key must be 1 to 255 printable ASCII characters.", field="Idempotency-Key"
        )
    return key


async def request_print(request: Request) -> bytes:
    """Return the fingerprint: body, version asked for, and the party it is made for."""
    runtime: Runtime = request.app.state.runtime
    version = request.headers.get("if-match", "")
    return idempotency.fingerprint(
        runtime.print_key,
        f"{request.state.actor.party_id} {request.method} {version}",
        request.url.path,
        request.url.query,
        await request.body(),
    )


def _path_object(request: Request) -> tuple[str, UUID] | None:
    """Return name and value of the path's id; a path holds at most one."""
    for name, text in request.path_params.items():
        if name.endswith("_id"):
            try:
                return name, UUID(str(text))
            except ValueError:
                raise ObjectUnknown("The id in the path is not a UUID.", field=name) from None
    return None


def _check_query(request: Request, known: Set[str]) -> None:
    """Refuse query parameters that the route does not have: a misspelt filter finds everything."""
    unknown = sorted(request.query_params.keys() - known)
    if unknown:
        raise RequestValidationError(
            [
                {
                    "type": "query_unknown",
                    "loc": ("query", name),
                    "msg": "This route has no such query parameter",
                    "ctx": {"parameters": ", ".join(sorted(known)) or "none"},
                }
                for name in unknown
            ]
        )


class Route(APIRoute):
    """A route in one transaction."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put the gate around FastAPI's own handler."""
        inner = super().get_route_handler()
        known = {
            field.alias
            for field in get_flat_params(self.dependant)
            if isinstance(field.field_info, Query)
        }

        async def handle(request: Request) -> Response:
            runtime: Runtime = request.app.state.runtime
            permission = runtime.permissions[self.name]
            _check_query(request, known)
            # A client that always sends its token must be able to renew an expired one.
            signing_in = permission.scope is None and request.method not in SAFE
            actor = ANONYMOUS if signing_in else actor_of(request, runtime)
            request.state.actor = actor
            reach = check_role(permission, actor)
            return await self.enter(request, inner, runtime, permission, reach)

        return handle

    async def enter(
        self,
        request: Request,
        inner: Inner,
        runtime: Runtime,
        permission: Permission,
        reach: Reach,
    ) -> Response:
        """Run the request in its transaction."""
        key = key_of(request, permission.key)
        # The whole body first: a slow sender must not hold a connection in a transaction.
        await request.body()
        printed = await request_print(request) if key is not None else b""
        async with runtime.database.transaction() as session:
            request.state.session = session
            await _check_object(request, session, runtime, reach)
            if key is None:
                return await inner(request)
            return await once(request, inner, session, key, printed)


async def once(
    request: Request, inner: Inner, session: AsyncSession, key: str, printed: bytes
) -> Response:
    """Answer from the key's stored answer, or run ``inner`` and store what it decided.

    Self-transacted routes call it within the transaction that has the effect.
    """
    caller: str = request.state.actor.ref
    stored = await idempotency.claim(session, caller=caller, key=key, request_print=printed)
    if stored is not None:
        headers = {**stored.headers, "Idempotency-Replayed": "true"}
        return Response(stored.body, stored.status, headers)
    try:
        async with session.begin_nested():
            response = await inner(request)
    except DomainError as refusal:
        if not isinstance(refusal, _DECIDED):
            raise  # undecided: the key stays free for the retry
        response = problems.of_domain(refusal)
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    answer = Answer(response.status_code, headers, bytes(response.body))
    await idempotency.store(session, caller=caller, key=key, answer=answer)
    return response


async def _check_object(
    request: Request, session: AsyncSession, runtime: Runtime, reach: Reach
) -> None:
    target = _path_object(request)
    if target is not None and reach is not Reach.ANY:
        check_owner(reach, request.state.actor, await runtime.owners.find(session, *target))


class SelfTransactedRoute(Route):
    """A route whose use case opens its own short transactions: hashing, bids, bulk work."""

    async def enter(
        self,
        request: Request,
        inner: Inner,
        runtime: Runtime,
        permission: Permission,
        reach: Reach,
    ) -> Response:
        """Check the object, from memory when it is known, and run without a transaction."""
        request.state.key = key_of(request, permission.key)
        target = _path_object(request)
        if target is not None and reach is not Reach.ANY:
            owner = runtime.owners.remembered(*target)
            if owner is None:
                async with runtime.database.transaction() as session:
                    owner = await runtime.owners.find(session, *target)
            check_owner(reach, request.state.actor, owner)
        return await inner(request)


def router(*, tag: str) -> APIRouter:
    """Return a router of transactional routes below ``/v1``."""
    return _router(tag, Route)


def self_transacted_router(*, tag: str) -> APIRouter:
    """Return a router whose routes open their own transactions."""
    return _router(tag, SelfTransactedRoute)


def _router(tag: str, route_class: type[Route]) -> APIRouter:
    return APIRouter(
        prefix="/v1",
        tags=[tag],
        route_class=route_class,
        generate_unique_id_function=lambda route: route.name,
    )
