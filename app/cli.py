"""``zhepai``: every process and every operator's act from the shell."""

import asyncio
import os
import tempfile
from typing import Annotated

import typer

from app.settings import Settings

app = typer.Typer(
    help="浙拍 Zhepai: 开放的技术交易平台 / an open technology exchange",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command()
def serve() -> None:
    """启动接口服务 / Serve the API."""
    import uvicorn

    from app.platform.telemetry import configure_logging

    settings = Settings()
    configure_logging(settings.log_level)
    if settings.processes > 1:
        # prometheus-client shares metrics between processes through files in this directory.
        os.environ.setdefault(
            "PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="zhepai-metrics-")
        )
    uvicorn.run(
        "app.main:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.processes,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        timeout_graceful_shutdown=10,
    )


@app.command()
def worker() -> None:
    """启动时钟进程 / Run the clock process."""
    from app.platform.telemetry import configure_logging
    from app.worker import run_worker

    settings = Settings()
    configure_logging(settings.log_level)
    asyncio.run(run_worker(settings))


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Target revision")] = "head",
) -> None:
    """升级数据库结构 / Bring the database schema up to date."""
    from app.platform.migrate import upgrade
    from app.platform.postgres import database_url

    upgrade(database_url(Settings()), revision)


@app.command()
def up(
    *,
    reset: Annotated[bool, typer.Option(help="清空数据重新开始 / Start over")] = False,
    demo: Annotated[bool, typer.Option(help="首次启动时演示 / Demo at the first start")] = True,
) -> None:
    """一键启动全部 / Start everything; Ctrl-C stops it."""
    from app.supervisor import up as start_everything

    start_everything(Settings(), reset=reset, demo=demo)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
