"""Operations and public keys: routes without a caller."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import text

from app.platform import reactions, signing, timers
from app.platform.runtime import RuntimeDep
from app.platform.telemetry import metrics_text

routes = APIRouter(tags=["operations"], generate_unique_id_function=lambda route: route.name)


@routes.get("/", include_in_schema=False)
async def front_door() -> RedirectResponse:
    """Lead a visitor to the API's pages."""
    return RedirectResponse("/docs")


@routes.head("/healthz", include_in_schema=False)
@routes.get("/healthz")
async def healthz() -> dict[str, str]:
    """Tell that the process serves; says nothing about the database."""
    return {"status": "alive"}


@routes.head("/readyz", include_in_schema=False)
@routes.get("/readyz")
async def readyz(runtime: RuntimeDep) -> dict[str, str]:
    """Tell that the process can decide: the database answers and is migrated."""
    async with runtime.database.transaction() as session:
        revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return {"status": "ready", "migration": str(revision)}


@routes.get("/metrics", response_class=Response)
async def metrics(runtime: RuntimeDep) -> Response:
    """Return the Prometheus metrics: of this host's API processes, and what waits for a person.

    Parked timers and failing reactions are counted in the database, whatever worker met them.
    """
    async with runtime.database.transaction() as session:
        alarms = {
            "zhepai_timers_parked": await timers.count_parked(session),
            "zhepai_reactions_failing": await reactions.count_failing(session),
        }
    body, media_type = metrics_text(alarms)
    return Response(body, media_type=media_type)


@routes.get("/.well-known/jwks.json")
async def jwks(runtime: RuntimeDep) -> dict[str, list[dict[str, Any]]]:
    """Return every public key that has ever signed, newest first (RFC 7517)."""
    async with runtime.database.transaction() as session:
        return await signing.key_set(session)
