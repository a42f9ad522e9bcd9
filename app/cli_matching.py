"""``zhepai``: the commands of matching."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from app.settings import Settings
from app.terminal import refusals_told

commands = typer.Typer()

_UNREAD: Final = 3  # the file was written, but some of its rows were not understood


@commands.command()
def index() -> None:
    """启动匹配索引进程 / Run the index process of this host."""
    from app.matching.indexer import run_indexer
    from app.platform.telemetry import configure_logging
    from app.wiring import assemble

    settings = Settings()
    configure_logging(settings.log_level)
    asyncio.run(run_indexer(assemble(settings)))


@commands.command("index-rebuild")
def index_rebuild() -> None:
    """由数据库重建匹配索引，期间旧索引照常服务 / Build the index anew while the old one serves."""
    from rich.progress import Progress, TimeElapsedColumn

    from app.matching.indexer import rebuild
    from app.platform.telemetry import configure_logging
    from app.wiring import assemble

    settings = Settings()
    configure_logging("WARNING")
    columns = (*Progress.get_default_columns(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("条目 entries", total=None)
        asyncio.run(
            rebuild(
                assemble(settings),
                lambda done, total: progress.update(task, completed=done, total=total),
            )
        )


@commands.command("measure-embedder")
def measure_embedder(
    url: Annotated[str, typer.Argument(help="接口地址，如 https://host/v1 / Base of the API")],
    model: Annotated[str, typer.Argument(help="模型名 / Name of the model there")],
) -> None:
    """测定嵌入模型，给出其配置 / Measure a model with ZHEPAI_EMBEDDING_KEY, print its settings."""
    from app.matching.public import embedder_settings

    with refusals_told():
        typer.echo(embedder_settings(url, model, Settings().embedding_key), nl=False)


@commands.command()
def match(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="需求表 XLSX 或 CSV：导入模板，或“标题”“需求描述”等列 / Demands",
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="结果文件，缺省为“文件名-匹配.xlsx” / XLSX to write"),
    ] = None,
    market: Annotated[
        str | None, typer.Option(help="交易所代号，仅一个时可省略 / Code of the exchange")
    ] = None,
) -> None:
    """将需求表与在架成果逐条匹配，写出理由 / Match a sheet of demands, with every reason.

    表中内容不存入数据库 / Nothing of the sheet is stored.

    退出码 / Exit codes: 0 全部读入 / all rows read; 1 未写出 / nothing written;
    3 部分行未读入 / some rows not read.
    """
    from rich.progress import Progress, TimeElapsedColumn

    from app.matching.public import SheetMatched, match_sheet
    from app.platform.telemetry import configure_logging
    from app.wiring import assemble

    configure_logging("ERROR")
    target = out or file.with_name(f"{file.stem}-匹配.xlsx")

    async def matched(progress: Progress) -> SheetMatched:
        task = progress.add_task("需求 demands", total=None)
        runtime = assemble(Settings())
        try:
            return await match_sheet(
                runtime,
                file,
                market_code=market,
                tell=lambda done, total: progress.update(task, completed=done, total=total),
            )
        finally:
            await runtime.database.close()

    columns = (*Progress.get_default_columns(), TimeElapsedColumn())
    with refusals_told():
        with Progress(*columns) as progress:
            found = asyncio.run(matched(progress))
        target.write_bytes(found.content)
    typer.echo(
        f"{found.rows} 条需求，{found.suited} 条有合适成果，"
        f"{found.rows - found.unread - found.suited} 条无合适成果，{found.unread} 条未读入 / "
        f"{found.rows} demands, {found.suited} suited, {found.unread} not read: {target}"
    )
    if found.unread:
        raise typer.Exit(_UNREAD)
