"""``zhepai``: the commands of settlement."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from app.settings import Settings

if TYPE_CHECKING:  # the commands import what they need, so that each starts fast
    from app.settlement.public import LintedFile

commands = typer.Typer()

_FOUND: Final = 1  # some contract has an error
_UNREADABLE: Final = 2


@commands.command("recount-prices")
def recount_prices() -> None:
    """重新统计价格，由工作进程重读日志 / Recount the prices: the worker reads the journal anew."""
    from app.insight.public import count_anew
    from app.wiring import assemble

    async def forget() -> None:
        async with assemble(Settings()).database.transaction() as session:
            await count_anew(session)

    asyncio.run(forget())
    typer.echo("已清空，工作进程正在重新统计。/ Forgotten; the worker counts anew.")


@commands.command("lint-contract")
def lint_contract(
    file: Annotated[
        Path | None, typer.Argument(help="合同数据 / Contracts: JSON, CSV or XLSX")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / Print JSON")] = False,
    template: Annotated[
        Path | None, typer.Option(help="写出空白模板后退出 / Write the XLSX template and leave")
    ] = None,
) -> None:
    """技术合同登记前检查，无需网络和数据库 / Lint contracts before registration, offline.

    退出码 / exit code: 0 可以申报 ready, 1 有须改正的问题 errors found, 2 文件无法读取 unreadable.
    """
    from app.settlement import public as settlement
    from app.shared.calendar import SHANGHAI
    from app.shared.errors import DomainError
    from app.shared.sealing.shell import refusal_text

    if template is not None:
        template.write_bytes(settlement.template())
        typer.echo(f"模板已写出 / Template written: {template}")
        return
    if file is None:
        typer.echo("请给出文件，或用 --template 写出模板 / Give a file, or --template", err=True)
        raise typer.Exit(_UNREADABLE)
    today = datetime.now(SHANGHAI).date()
    try:
        linted = settlement.lint_content(file.read_bytes(), file.suffix.lower(), today=today)
    except (DomainError, OSError) as refusal:
        typer.echo(refusal_text(refusal), err=True)
        raise typer.Exit(_UNREADABLE) from None
    if as_json:
        typer.echo(json.dumps(linted.told(), ensure_ascii=False, indent=1))
    else:
        _show(linted)
    if not linted.ready:
        raise typer.Exit(_FOUND)


_COLOURS: Final = {"error": "red", "warning": "yellow", "hint": "cyan"}


def _show(linted: "LintedFile") -> None:
    """Print a table of the findings and one line that counts them."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(show_lines=True)
    for header, width in (("合同", 14), ("位置", 16), ("问题与修改 / Findings", None)):
        table.add_column(header, overflow="fold", width=width)
    for contract in linted.contracts:
        title = contract.read.record.number or contract.read.record.project_name or ""
        for finding in contract.report.findings:
            colour = _COLOURS[finding.severity]
            said = f"{finding.message_zh}\n→ {finding.mend_zh}\n{finding.source}\n{finding.rule}"
            table.add_row(
                escape(f"{contract.place} {title}"),
                f"[{colour}]{finding.severity_zh}[/]\n"
                + escape(f"{finding.place_zh}\n{finding.field}"),
                escape(said),
            )
    if table.row_count:
        console.print(table)
    if linted.unused:
        console.print(f"未使用的列 / Unused: {escape('、'.join(linted.unused))}")
    ready = sum(contract.report.ready for contract in linted.contracts)
    console.print(
        f"{len(linted.contracts)} 份合同，{ready} 份可以申报，{table.row_count} 条检查结果 / "
        f"{len(linted.contracts)} contracts, {ready} ready, {table.row_count} findings"
    )
