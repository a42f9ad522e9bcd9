"""The API: ``create_app()`` builds it and connects nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from app.platform.access import Reach
from app.platform.body_limit import BodyLimit
from app.platform.openapi import describe
from app.platform.presence import Heartbeat
from app.platform.problems import HANDLERS
from app.platform.routing import Route
from app.platform.runtime import Runtime
from app.platform.stopping import told_to_stop
from app.platform.telemetry import RequestContext, configure_logging
from app.settings import Settings
from app.wiring import ROUTERS, assemble, end_streams

DESCRIPTION: Final = """\
浙拍：开放的技术交易平台。成果征集、挂牌公告、受让登记、保证金、竞价、成交、结算，直到技术合同登记准备表，全程一个对象、一套接口。

Zhepai: an open technology exchange. Every answer is JSON; every refusal is `problem+json` with a
stable `code`, the field and what would be accepted. Unsafe routes take an `Idempotency-Key`.
Lists page by opaque cursor: pass `next` back until it is null. Amounts are decimal strings.
Sign in at `POST /v1/oauth/token`; code tables are at `GET /v1/codes`.
"""


MULTIPART_BYTES: Final = 100_000  # what a form adds to its file


class UnguardedRoute(RuntimeError):
    """A route is not in the permission table, or nobody can tell whose its object is."""


def create_app(runtime: Runtime) -> FastAPI:
    """Build the API around a runtime.

    Raises:
        UnguardedRoute: The permission table does not cover a route.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with Heartbeat(runtime.database.url):
            with told_to_stop(lambda: end_streams(runtime)):
                yield
        await runtime.database.close()

    app = FastAPIOffline(
        title="浙拍 Zhepai",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        exception_handlers=HANDLERS,
        telemetry={"tracing": False, "metrics": False},
    )
    app.state.runtime = runtime
    for router in ROUTERS:
        add_routes(app, router)
    if runtime.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(runtime.settings.cors_origins),
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match"],
            expose_headers=["ETag", "Location", "X-Request-Id", "Retry-After"],
        )
    app.add_middleware(
        BodyLimit,
        default_bytes=runtime.settings.body_size_max_bytes,
        paths_bytes={"/v1/files": runtime.settings.file_size_max_bytes + MULTIPART_BYTES},
    )
    app.add_middleware(RequestContext)
    app.openapi = describe(app, runtime.permissions)  # type: ignore[method-assign]
    return app


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """Add a router's routes, each of them guarded.

    Put into the app's own list and not by ``include_router``, which matches every request
    against nested routers, one after the other: half of an empty request's time.

    Raises:
        UnguardedRoute: The permission table does not cover a route.
    """
    for route in router.routes:
        if isinstance(route, Route):
            check_guarded(route, app.state.runtime)
        app.router.routes.append(route)


def check_guarded(route: APIRoute, runtime: Runtime) -> None:
    """Refuse to start with a route that the table does not cover.

    Raises:
        UnguardedRoute: Not in the table, or its object has no owner look-up.
    """
    rule = runtime.permissions.get(route.name)
    if rule is None:
        raise UnguardedRoute(f"{route.name} is not in app/permissions")
    ids = [name for name in route.param_convertors if name.endswith("_id")]
    bounded = any(reach is not Reach.ANY for reach in rule.reach.values())
    if len(ids) > 1 or (bounded and ids and ids[0] not in runtime.owners.lookups):
        raise UnguardedRoute(f"{route.name}: nobody can tell whose {ids} is")


def from_environment() -> FastAPI:
    """Build the API of this process from the environment; what uvicorn calls in each process."""
    settings = Settings()
    configure_logging(settings.log_level)
    return create_app(assemble(settings))
