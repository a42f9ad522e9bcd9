"""Routes of contract texts: clauses, versions, documents, signatures, published results."""

from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import once, request_print, router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.settlement import repository
from app.settlement.domain.clauses import book, clauses_for
from app.settlement.domain.contract import require_leaf
from app.settlement.domain.contract_text import differences
from app.settlement.domain.signing import TextVersion, check_comparable
from app.settlement.domain.text_facts import basis_of
from app.settlement.repository import result_notices, texts
from app.settlement.schemas.texts import (
    ClausesView,
    DifferencesView,
    DraftBody,
    OwnTextBody,
    ResultNoticeView,
    SignedFileBody,
    SigningView,
    SignTextBody,
    TextSummary,
    TextView,
)
from app.settlement.service import drafting, signing
from app.shared.ids import FileId

routes = router(tag="settlement")
files = self_transacted_router(tag="settlement")

IfMatch = Annotated[
    str | None, Header(description="ETag of the deal as last read; required", max_length=100)
]
_NUMBER_MAX: Final = 10_000
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Version of the text, 1, 2, …")]


Earlier = Annotated[
    int | None, Query(ge=1, le=_NUMBER_MAX, description="The version to compare with")
]


class DocumentFormat(StrEnum):
    """As what a text is printed."""

    PDF = "pdf"
    DOCX = "docx"


_MEDIA: Final = {DocumentFormat.PDF: drafting.PDF, DocumentFormat.DOCX: drafting.DOCX}


def _number(key: int) -> int:
    """Read a text's number out of a cursor."""
    if not 0 < int(key) <= _NUMBER_MAX:
        raise ValueError("not a number that a text has")
    return int(key)


@routes.get("/contract-clauses")
async def list_contract_clauses(contract_type: str) -> ClausesView:
    """List the clauses that a type of technology contract must have, with their blanks.

    Each names the law's article, its wording, and what may be sent for each blank.
    """
    kind = require_leaf(contract_type)
    return ClausesView.of(kind, clauses_for(kind), version=book().version, source=book().source)


@routes.post("/deals/{deal_id}/contract-texts", status_code=201)
async def draft_contract_text(
    deal_id: UUID, body: DraftBody, actor: ActorDep, session: SessionDep, if_match: IfMatch = None
) -> TextView:
    """Write the next version of the contract's text from the deal's present data.

    Every mandatory clause of the contract's type must have its data: all faults are told at once
    with clause, blank, article and what would be accepted. Earlier versions stay, unsignable.
    """
    now = await market_now(session, actor.market_id)
    text = await drafting.draft_text(
        session, actor, deal_id, body.parameters, seen=if_match, now=now
    )
    return TextView.whole(text, [], signable=True)


@routes.post("/deals/{deal_id}/contract-texts/own", status_code=201)
async def keep_own_contract_text(
    deal_id: UUID, body: OwnTextBody, actor: ActorDep, session: SessionDep, if_match: IfMatch = None
) -> TextView:
    """Take the parties' own contract, an uploaded PDF or docx, as the next version.

    Its hash is the file's; the other side may read the file from now on.
    """
    now = await market_now(session, actor.market_id)
    text = await drafting.keep_own_text(
        session, actor, deal_id, FileId(body.file_id), seen=if_match, now=now
    )
    return TextView.whole(text, [], signable=True)


@routes.get("/deals/{deal_id}/contract-texts")
async def list_contract_texts(
    deal_id: UUID, session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[TextSummary]:
    """List the versions of a deal's text with their signatures, the last one first."""
    below = None if cursor is None else decode_cursor(cursor, _number)[0]
    found = await texts.list_texts(session, deal_id, below=below, limit=limit + 1)
    signed = await texts.signatures_of(session, deal_id)
    page = found[:limit]
    return Page(
        items=[
            TextSummary.of(text, [given for number, given in signed if number == text.number])
            for text in page
        ],
        next=encode_cursor(page[-1].number) if len(found) > limit else None,
    )


@routes.get("/deals/{deal_id}/contract-texts/{number}")
async def get_contract_text(deal_id: UUID, number: Number, session: SessionDep) -> TextView:
    """Return a version with its text and signatures, and whether it can still be signed."""
    text = await drafting.read_text(session, deal_id, number)
    given = [found for _, found in await texts.signatures_of(session, deal_id, number)]
    return TextView.whole(text, given, signable=await _is_signable(session, text))


async def _is_signable(session: AsyncSession, text: TextVersion) -> bool:
    deal = await repository.get_deal(session, text.deal_id)
    if deal.signed_at is not None or deal.defaulted_at is not None:
        return False
    newest = await texts.newest_number(session, deal.id)
    return newest == text.number and text.basis == basis_of(await drafting.gather(session, deal))


@routes.get("/deals/{deal_id}/contract-texts/{number}/changes")
async def compare_contract_texts(
    deal_id: UUID, number: Number, session: SessionDep, since: Earlier = None
) -> DifferencesView:
    """Return what changed in a version, clause by clause, since the one before or `since`."""
    later = await drafting.read_text(session, deal_id, number)
    earlier = await drafting.read_text(session, deal_id, since or number - 1)
    before, after = check_comparable(earlier, later)
    return DifferencesView.of(earlier.number, later.number, differences(before, after))


@files.get("/deals/{deal_id}/contract-texts/{number}/document", response_class=Response)
async def get_contract_document(
    deal_id: UUID,
    number: Number,
    runtime: RuntimeDep,
    format: DocumentFormat = DocumentFormat.PDF,  # noqa: A002 - the query parameter's name
) -> Response:
    """Return a version as Chinese PDF/A or docx; an uploaded one is the file that was uploaded.

    Both print the same words and the text's hash; the PDF of a version is always the same bytes.
    A character that its font lacks is refused there with `glyph_missing`; the docx has it.
    """
    async with runtime.database.transaction() as session:
        source = await signing.source_of(session, deal_id, number)
    file, media_type = await signing.export(runtime.settings, source, _MEDIA[format])
    return _attachment(file.content, file.name, media_type, source.text.text_hash)


@files.get("/deals/{deal_id}/contract-texts/{number}/signing-package", response_class=Response)
async def get_signing_package(deal_id: UUID, number: Number, runtime: RuntimeDep) -> Response:
    """Return a zip for an e-signature provider: the document, and a manifest with its hashes."""
    async with runtime.database.transaction() as session:
        source = await signing.source_of(session, deal_id, number)
    package = await signing.make_package(runtime.settings, source)
    name = f"{source.deal.number}-T{number}.zip"
    return _attachment(package, name, "application/zip", source.text.text_hash)


def _attachment(content: bytes, name: str, media_type: str, etag: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"Content-Disposition": disposition, "ETag": f'"{etag}"'}
    return Response(content, media_type=media_type, headers=headers)


@routes.post("/deals/{deal_id}/contract-texts/{number}/signatures", status_code=201)
async def sign_contract_text(
    deal_id: UUID, number: Number, body: SignTextBody, actor: ActorDep, session: SessionDep
) -> SigningView:
    """Sign a version for the caller's own side; with both signatures the deal is signed.

    Only the last version can be signed, and only while nothing that it says has changed.
    """
    now = await market_now(session, actor.market_id)
    signed = await signing.sign_text(session, actor, deal_id, number, body.plain(), now=now)
    return SigningView.of(*signed)


@files.post(
    "/deals/{deal_id}/contract-texts/{number}/signed-files",
    status_code=201,
    response_model=SigningView,
)
async def import_signed_text(
    deal_id: UUID,
    number: Number,
    body: SignedFileBody,
    request: Request,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> Response:
    """Sign a version for the caller's own side by a PDF that an e-signature provider signed.

    The file must begin with the exported document, byte for byte, and hold a signature that
    covers all of it; the certificate must be the signatory's or its party's.
    """
    async with runtime.database.transaction() as session:
        now = await market_now(session, actor.market_id)
    proof = await signing.prove(
        runtime.database,
        runtime.settings,
        actor,
        deal_id,
        number,
        signed_file_id=FileId(body.signed_file_id),
        certificate=body.certificate.plain(),
        signatory=body.signatory,
        now=now,
    )
    key: str = request.state.key
    printed = await request_print(request)
    async with runtime.database.transaction() as session:

        async def sign(_request: Request) -> Response:
            signed = await signing.sign_text(
                session,
                actor,
                deal_id,
                number,
                body.plain(),
                now=await market_now(session, actor.market_id),
                proof=proof,
            )
            return JSONResponse(SigningView.of(*signed).model_dump(mode="json"), 201)

        return await once(request, sign, session, key, printed)


@routes.get("/result-notices")
async def list_result_notices(
    session: SessionDep,
    market_id: UUID | None = None,
    listing_id: UUID | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[ResultNoticeView]:
    """List the published results of public sellers' deals, newest first."""
    found = await result_notices.list_notices(
        session,
        market_id=market_id,
        listing_id=listing_id,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[ResultNoticeView.of(notice) for notice in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )
