"""Certificates 交易凭证 and 公示见证 over HTTP: full, public, revoked."""

import asyncio
from typing import Annotated, Final
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic import AfterValidator

from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import Runtime, RuntimeDep
from app.platform.schema import printable
from app.settlement.domain.certificates import Certificate
from app.settlement.repository import certificates as rows
from app.settlement.schemas.certificates import (
    CertificateList,
    CertificateView,
    IssueBody,
    PublicCertificateView,
    RevocationBody,
)
from app.settlement.service import certificate_files, certifying
from app.settlement.service.certificate_files import FileForm
from app.shared.ids import DealId, MarketId

routes = router(tag="certificates")
files = self_transacted_router(tag="certificates")

Number = Annotated[
    str, Path(max_length=24, examples=["ZP-C-2026-000001"]), AfterValidator(printable)
]
Form = Annotated[FileForm, Query(alias="format", description="pdf, jws or json")]

_MEDIA_TYPES: Final = {
    FileForm.PDF: "application/pdf",
    FileForm.JWS: "application/jose",
    FileForm.JSON: "application/json",
}


@routes.post("/deals/{deal_id}/certificates", status_code=201)
async def issue_certificate(
    deal_id: UUID, body: IssueBody, actor: ActorDep, session: SessionDep, runtime: RuntimeDep
) -> CertificateView:
    """Issue the certificate of a deal, or of its agreement's public notice.

    `transaction` needs the contract signed and effective and all that was due paid, else it is
    refused with everything that is missing. While a certificate of the kind holds, that one is
    returned; after a revocation for an error a new one may be issued.
    """
    now = await market_now(session, actor.market_id)
    issued = await certifying.issue(session, runtime.signer, actor, deal_id, body.kind, now=now)
    return CertificateView.of(issued, certificate_files.tokens(runtime.signer, issued))


@routes.get("/deals/{deal_id}/certificates")
async def list_certificates(
    deal_id: UUID, session: SessionDep, runtime: RuntimeDep
) -> CertificateList:
    """List a deal's certificates with both signed forms, revoked ones too."""
    items = []
    for certificate in await rows.of_deal(session, DealId(deal_id)):
        await runtime.signer.load(session, certificate.kid)
        tokens = certificate_files.tokens(runtime.signer, certificate)
        items.append(CertificateView.of(certificate, tokens))
    return CertificateList(items=items)


@routes.post("/deals/{deal_id}/certificates/{number}/revocation")
async def revoke_certificate(
    deal_id: UUID,
    number: Number,
    body: RevocationBody,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
) -> CertificateView:
    """Revoke a certificate, for ever: the deal was annulled, the buyer defaulted, or an error."""
    revoked = await certifying.revoke_certificate(
        session,
        actor,
        deal_id,
        number,
        ground=body.ground,
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    await runtime.signer.load(session, revoked.kid)
    return CertificateView.of(revoked, certificate_files.tokens(runtime.signer, revoked))


@files.get("/deals/{deal_id}/certificates/{number}/file", response_class=Response)
async def download_certificate(
    deal_id: UUID, number: Number, runtime: RuntimeDep, form: Form = FileForm.PDF
) -> Response:
    """Return the full form as a Chinese PDF/A with QR code, as JWS, or as JSON.

    `zhepai verify FILE --keys JWKS` verifies each of them offline.
    """
    return await _file(runtime, number, form, deal_id=DealId(deal_id))


@routes.get("/certificates/{number}")
async def find_certificate(
    number: Number, session: SessionDep, runtime: RuntimeDep
) -> PublicCertificateView:
    """Look a certificate up by its number: whether it holds, and what its public form states."""
    certificate = await rows.get(session, number)
    await runtime.signer.load(session, certificate.kid)
    _, fact = certificate_files.tokens(runtime.signer, certificate)
    return PublicCertificateView.public_of(certificate, fact)


@files.get("/certificates/{number}/file", response_class=Response)
async def download_public_certificate(
    number: Number, runtime: RuntimeDep, form: Form = FileForm.PDF
) -> Response:
    """Return the public form, which states only the fact, as PDF/A, JWS or JSON."""
    return await _file(runtime, number, form)


@routes.get("/markets/{market_id}/certificate-revocations", response_class=Response)
async def get_revocations(market_id: UUID, session: SessionDep, runtime: RuntimeDep) -> Response:
    """Return the signed list of all revoked certificates of a market: a compact JWS.

    It holds `issued_at`, `next_update` and for each one number, ground and moment. Save it for
    `zhepai verify FILE --revoked LIST`.
    """
    token = await certifying.signed_revocations(session, runtime.signer, MarketId(market_id))
    return _answer(token.encode(), FileForm.JWS, "revocations")


async def _file(
    runtime: Runtime, number: str, form: FileForm, *, deal_id: DealId | None = None
) -> Response:
    """Return the full form of a deal's certificate, or without a deal the public form."""
    async with runtime.database.transaction() as session:
        certificate = await rows.get(session, number, deal_id=deal_id)
        await runtime.signer.load(session, certificate.kid)
    is_public = deal_id is None
    content = await asyncio.to_thread(_write, runtime, certificate, form, is_public=is_public)
    return _answer(content, form, f"{number}-public" if is_public else number)


def _write(runtime: Runtime, certificate: Certificate, form: FileForm, *, is_public: bool) -> bytes:
    return certificate_files.write(runtime.signer, certificate, form, public=is_public)


def _answer(content: bytes, form: FileForm, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}.{form}"'}
    return Response(content, media_type=_MEDIA_TYPES[form], headers=headers)
