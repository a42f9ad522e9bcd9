"""Signed valuations over HTTP: JSON, PDF, and the second computation."""

import asyncio
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.documents import render_pdf
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.valuations.domain.computing import recompute
from app.valuations.domain.valuation import SignedValuation, Valuation
from app.valuations.domain.valuation_report import printed
from app.valuations.schemas.valuations import DifferenceView, RecomputationView, SignedView
from app.valuations.service import valuing_reading

routes = router(tag="valuations")
rendering = self_transacted_router(tag="valuations")

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "valuation.typ"


@routes.get("/valuations/{valuation_id}/report")
async def get_valuation_report(
    valuation_id: UUID, actor: ActorDep, session: SessionDep
) -> SignedView:
    """Return what was signed: inputs, seed, results, methods' versions, base price."""
    return SignedView.of(*await valuing_reading.read_signed(session, actor, valuation_id))


@rendering.get("/valuations/{valuation_id}/report.pdf", response_class=Response)
async def get_valuation_report_pdf(
    valuation_id: UUID, actor: ActorDep, runtime: RuntimeDep
) -> Response:
    """Return the report as a Chinese PDF/A with its charts; the signed form is the JSON."""
    async with runtime.database.transaction() as session:
        found, signed = await valuing_reading.read_signed(session, actor, valuation_id)
    pdf = await asyncio.to_thread(_render, found, signed)
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="valuation-{valuation_id}.pdf"'},
    )


def _render(valuation: Valuation, signed: SignedValuation) -> bytes:
    data: dict[str, Any] = printed(valuation, signed)
    return render_pdf(_TEMPLATE, data, at=signed.signed_at)


@rendering.get("/valuations/{valuation_id}/verification")
async def verify_valuation(
    valuation_id: UUID, actor: ActorDep, runtime: RuntimeDep
) -> RecomputationView:
    """Compute a signed valuation again: formulas exactly, simulations within 0.01 %."""
    async with runtime.database.transaction() as session:
        _, signed = await valuing_reading.read_signed(session, actor, valuation_id)
    found = await asyncio.to_thread(recompute, signed.content)
    return RecomputationView(
        valuation_id=valuation_id,
        holds=not found,
        differences=[DifferenceView(**item) for item in found],
    )
