"""The code tables: Chinese and English labels of every value that records hold."""

from typing import Annotated

from fastapi import Header, Response

from app.markets.schemas import CodeTableSummary, CodeTableView
from app.platform.routing import router
from app.platform.schema import Page
from app.shared import codes

routes = router(tag="codes")


@routes.get("/codes", response_model=Page[CodeTableSummary])
async def list_code_tables() -> Page[CodeTableSummary]:
    """List the code tables with their versions."""
    items = [
        CodeTableSummary(
            name=table.name,
            version=table.version,
            source=table.source,
            entry_count=len(table.entries),
            etag=table.etag,
        )
        for table in codes.tables().values()
    ]
    return Page(items=items, next=None)


@routes.get(
    "/codes/{table}",
    response_model=CodeTableView,
    responses={304: {"description": "The table is still the one of If-None-Match"}},
)
async def get_code_table(
    table: str, response: Response, if_none_match: Annotated[str | None, Header()] = None
) -> codes.CodeTable | Response:
    """Return a code table; send its ETag as If-None-Match to ask only for changes."""
    found = codes.table(table)
    headers = {"ETag": f'"{found.etag}"', "Cache-Control": "public, no-cache"}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return found
