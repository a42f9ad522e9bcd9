"""The linter of registrations over HTTP: for anybody's contracts, of which nothing is kept."""

import asyncio
from datetime import date
from functools import partial
from uuid import UUID

from fastapi import Response

from app.platform.access import Actor, ActorDep, ObjectUnknown
from app.platform.clock import market_now
from app.platform.files.lookup import find_own_file, read_content
from app.platform.routing import self_transacted_router
from app.platform.runtime import Runtime, RuntimeDep
from app.platform.tables.http import table_file
from app.platform.tables.report import TableFormat
from app.settlement.schemas.linting import (
    ContractRecordsBody,
    ContractTableBody,
    LintRulesView,
    LintView,
)
from app.settlement.service import linting
from app.settlement.service.linting import LintedFile
from app.shared.calendar import SHANGHAI
from app.shared.ids import FileId

routes = self_transacted_router(tag="settlement")


@routes.post("/contract-lints")
async def lint_contracts(
    body: ContractRecordsBody, actor: ActorDep, runtime: RuntimeDep
) -> LintView:
    """Lint up to 100 contracts before their registration 技术合同认定登记.

    One rule for each ground of refusal and each constraint of a field; every finding says how
    heavy it is, where in the contract it is mended, how, and by which source. Nothing is stored.
    """
    objects = [record.plain() for record in body.records]
    today = await _today(runtime, actor)
    linted = await asyncio.to_thread(partial(linting.lint_objects, objects, today=today))
    return LintView.of(linted)


@routes.post("/contract-lints/tables")
async def lint_contract_table(
    body: ContractTableBody, actor: ActorDep, runtime: RuntimeDep
) -> LintView:
    """Lint an uploaded table of the caller's party, CSV or XLSX, up to 20,000 contracts.

    Headers are the template's, in Chinese or English, in any order; a column may be missing.
    """
    return LintView.of(await _lint_table(runtime, actor, body.file_id))


@routes.post("/contract-lints/workbooks", response_class=Response)
async def annotate_contract_table(
    body: ContractTableBody, actor: ActorDep, runtime: RuntimeDep
) -> Response:
    """Return an uploaded table as XLSX with what was found beside each row."""
    linted = await _lint_table(runtime, actor, body.file_id)
    content = await asyncio.to_thread(linting.table_beside, linted)
    return table_file(content, TableFormat.XLSX, "技术合同检查结果")


@routes.get("/contract-lints/template", response_class=Response)
async def get_contract_lint_template() -> Response:
    """Return the XLSX template of contracts: header, an example, accepted words, notes."""
    content = await asyncio.to_thread(linting.template)
    return table_file(content, TableFormat.XLSX, "技术合同登记检查模板")


@routes.get("/contract-lints/rules")
async def list_contract_lint_rules() -> LintRulesView:
    """Return the linter's rules with their severity and source, for everybody."""
    return LintRulesView.all()


async def _today(runtime: Runtime, actor: Actor) -> date:
    async with runtime.database.transaction() as session:
        return (await market_now(session, actor.market_id)).astimezone(SHANGHAI).date()


async def _lint_table(runtime: Runtime, actor: Actor, file_id: UUID) -> LintedFile:
    async with runtime.database.transaction() as session:
        file = await find_own_file(session, actor.party_id, FileId(file_id))
    if file is None:
        raise ObjectUnknown("Your party has no such file.", field="file_id")
    today = await _today(runtime, actor)
    content = await read_content(runtime.settings, file.sha256)
    judge = partial(linting.lint_table, content, file.media_type, today=today)
    return await asyncio.to_thread(judge)
