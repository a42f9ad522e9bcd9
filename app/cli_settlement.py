"""``zhepai``: the commands of settlement."""

import asyncio

import typer

from app.settings import Settings

commands = typer.Typer()


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
