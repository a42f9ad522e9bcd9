"""``zhepai``: every process and every operator's act from the shell."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zipfile import is_zipfile

import typer

from app.cli_matching import commands as matching
from app.cli_settlement import commands as settlement
from app.settings import Settings
from app.terminal import refusals_told

if TYPE_CHECKING:  # the commands import what they need, so that each starts fast
    from sqlalchemy.ext.asyncio import AsyncSession

    from app.platform.runtime import Runtime

app = typer.Typer(
    help="浙拍 Zhepai: 开放的技术交易平台 / an open technology exchange",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(matching)
app.add_typer(settlement)


@app.command()
def serve() -> None:
    """启动接口服务 / Serve the API."""
    import uvicorn

    settings = Settings()
    # prometheus-client shares metrics between processes through files in this directory.
    with tempfile.TemporaryDirectory(prefix="zhepai-metrics-") as shared:
        if settings.processes > 1:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", shared)
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
def create_market(
    code: Annotated[str, typer.Argument(help="市场代号，如 zhejiang / Code, e.g. zhejiang")],
    *,
    name_zh: Annotated[str, typer.Option(help="市场中文名 / Chinese name")],
    name_en: Annotated[str, typer.Option(help="市场英文名 / English name")],
    region: Annotated[str, typer.Option(help="行政区划代码 / GB/T 2260, e.g. 330000")],
    party_name: Annotated[str, typer.Option(help="运营单位名称 / Organisation that runs it")],
    credit_code: Annotated[str, typer.Option(help="运营单位统一社会信用代码 / Its credit code")],
    login: Annotated[str, typer.Option(help="首位操作员登录名 / First operator's login")],
    password: Annotated[
        str,
        typer.Option(
            envvar="ZHEPAI_OPERATOR_PASSWORD",
            prompt="操作员密码 / Operator's password",
            hide_input=True,
            confirmation_prompt=True,
            show_default=False,
            help="首位操作员密码，缺省时询问 / First operator's password, asked for if not set",
        ),
    ],
    edition: Annotated[str, typer.Option(help="专场 / Edition")] = "general",
    sandbox_from: Annotated[
        datetime | None,
        typer.Option(help="沙盒起始时刻，北京时间 / Makes a sandbox; Shanghai time"),
    ] = None,
) -> None:
    """创建交易所及其首位操作员 / Found an exchange with its first operator."""
    from app.bootstrap import Exchange, NewParty, PartyKind, found_from_shell
    from app.shared.calendar import SHANGHAI

    exchange = Exchange(
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        region_code=region,
        edition=edition,
        starts_at=None if sandbox_from is None else sandbox_from.replace(tzinfo=SHANGHAI),
        party=NewParty(
            kind=PartyKind.ORGANISATION,
            name=party_name,
            credit_code=credit_code,
            region_code=region,
        ),
        login=login,
        password=password,
        display_name=f"{party_name}操作员",
    )
    answer, is_founded = found_from_shell(Settings(), exchange)
    print(answer)
    if not is_founded:
        raise typer.Exit(1)


@app.command("demo-load")
def demo_load() -> None:
    """装载演示市场 / Load the demo market, once."""
    from app.demo.load import load
    from app.platform.telemetry import configure_logging

    configure_logging("WARNING")
    asyncio.run(load(Settings()))


@app.command()
def demo(
    url: Annotated[str | None, typer.Option(help="服务地址 / Address of the service")] = None,
) -> None:
    """演示：十一项成果从征集到合同登记表 / Drive the demo session over HTTP."""
    from rich.console import Console

    from app.demo.run import run

    settings = Settings()
    base_url = url or f"http://127.0.0.1:{settings.port}"
    if not asyncio.run(run(base_url, Console())):
        raise typer.Exit(1)


async def _in_transaction(act: "Callable[[Runtime, AsyncSession], Awaitable[object]]") -> object:
    from app.wiring import assemble

    runtime = assemble(Settings())
    try:
        async with runtime.database.transaction() as session:
            return await act(runtime, session)
    finally:
        await runtime.database.close()


@app.command("rotate-keys")
def rotate_keys() -> None:
    """更换签名密钥，旧密钥仍可验签 / Sign with a new key; old ones verify for ever."""
    print(asyncio.run(_in_transaction(lambda runtime, session: runtime.signer.rotate(session))))


@app.command("new-epoch")
def new_epoch() -> None:
    """恢复磁盘快照后、启动服务前执行 / Run after restoring a disk snapshot, before serving."""
    from app.platform.epoch import open_epoch

    print(asyncio.run(_in_transaction(lambda _runtime, session: open_epoch(session))))


@app.command()
def up(
    *,
    reset: Annotated[bool, typer.Option(help="清空数据重新开始 / Start over")] = False,
    demo: Annotated[bool, typer.Option(help="首次启动时演示 / Demo at the first start")] = True,
) -> None:
    """一键启动全部 / Start everything; Ctrl-C stops it."""
    from app.supervisor import up as start_everything

    start_everything(Settings(), reset=reset, demo=demo)


@app.command("holder-key")
def holder_key(
    key: Annotated[
        Path, typer.Argument(help="新私钥文件，仅本人可读 / New private key, mode 0600")
    ],
) -> None:
    """生成密钥份额保管人的密钥对，显示公钥 / Make a share holder's keys; print the public one."""
    from app.shared.sealing import shell

    with refusals_told():
        print(shell.make_holder_key(key))


@app.command()
def seal(
    *,
    amount: Annotated[str, typer.Option(help="报价，如 12300000.00 / Amount, as decimal text")],
    bidder_code: Annotated[
        str, typer.Option(help="竞买号或申报密封号 / Your code in the auction, or sealing_code")
    ],
    terms: Annotated[
        Path | None,
        typer.Option(help="竞价或需求信息文件 / JSON of GET auctions/… or demands/…"),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="或其地址 / Or where to GET it: …/v1/auctions/{auction_id}")
    ] = None,
    document: Annotated[
        Path | None, typer.Option(help="揭榜申报书 / The proposal to a demand, a JSON object")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="ZHEPAI_TOKEN", help="访问令牌 / Access token, for --url")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="输出文件，缺省为屏幕 / File to write, else the screen")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="自留开封证明，切勿外传 / Proof of the opening, for your eyes only"),
    ] = None,
) -> None:
    """密封报价：截止前任何一方都无法读取 / Seal a bid that nobody can read before the deadline."""
    from app.platform.fetching import fetch_json
    from app.shared.sealing import shell

    with refusals_told():
        if (terms is None) == (url is None):
            raise shell.InputUnusable("须给出 --terms 或 --url 之一 / Give either --terms or --url")
        auction = shell.read_json(terms) if terms else fetch_json(url or "", token)
        if document is None:
            body, proof = shell.seal_body(auction, amount=amount, bidder_code=bidder_code)
        else:
            told = shell.read_json(document)
            body, proof = shell.proposal_body(
                auction, told, amount=amount, sealing_code=bidder_code
            )
            _rehearse(auction, told, amount)
        typer.echo(shell.holders_text(auction), err=True)
        if keep is not None:
            shell.write_private(keep, proof)
        _write(body, out)


def _rehearse(demand: Any, document: object, amount: str) -> None:
    """Tell a proposer what its text lacks while it can still be mended (DM43, DM44)."""
    from app.demands.public import ContentMalformed, gaps_before_sealing
    from app.shared.money import Money
    from app.shared.sealing import shell

    *_, currency = shell.holders_of(demand)
    try:
        gaps = gaps_before_sealing(demand, document, Money.parse(amount, currency))
    except ContentMalformed as fault:
        raise shell.InputUnusable(
            f"申报书此处格式不符，封存后将作废 / Void if sealed so, not as published at: {fault}"
        ) from None
    for gap in gaps:
        typer.echo(f"形式审查 / Gap: {gap['field']} {gap['rule']}: {gap['message']}", err=True)


@app.command("open-shares")
def open_shares(
    *,
    key: Annotated[Path, typer.Option(help="保管人私钥文件 / Your private key")],
    bids: Annotated[
        Path, typer.Option(help="密封清单 / JSON of GET …/sealed-bids or …/sealed-proposals")
    ],
    auction_id: Annotated[
        str,
        typer.Option(
            "--auction-id", "--demand-id", help="只开启这一场 / The only auction or demand to open"
        ),
    ],
    not_before: Annotated[
        datetime | None,
        typer.Option(help="公告的截止时刻，北京时间；本机时钟未到则拒绝 / Deadline, Shanghai time"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="输出文件，缺省为屏幕 / File to write, else the screen")
    ] = None,
) -> None:
    """截止后解出本方保管的密钥份额 / Take out your shares of the bids' keys, after the deadline."""
    from app.shared.calendar import SHANGHAI
    from app.shared.sealing import shell

    with refusals_told():
        if not_before and datetime.now(SHANGHAI) < not_before.replace(tzinfo=SHANGHAI):
            raise shell.InputUnusable("截止时刻未到，不得开启 / Not before the deadline")
        private_key = shell.read_private_key(key)
        listed = shell.read_json(bids)
        _write(shell.shares_body(listed, auction_id=auction_id, private_key=private_key), out)


@app.command()
def verify(
    bundle: Annotated[
        Path, typer.Argument(help="证明文件、尽职证据或交易凭证 / Proof, dossier or certificate")
    ],
    *,
    receipt: Annotated[
        list[str] | None, typer.Option(help="报价回执或其文件，可多次 / Receipt or its file, again")
    ] = None,
    heads: Annotated[
        Path | None, typer.Option(help="竞价期间保存的链头 / Heads kept: GET …/chain-heads")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="交易所公布的公钥 / The exchange's JWKS, got elsewhere")
    ] = None,
    revoked: Annotated[
        Path | None,
        typer.Option(help="保存的凭证撤销名单 / Saved GET …/certificate-revocations"),
    ] = None,
) -> None:
    """核验证据、证明文件或交易凭证，离线 / Verify a dossier, a proof or a certificate, offline."""
    from app.settlement.public import is_certificate, verify_certificate

    if is_zipfile(bundle):
        from app.dossiers.public import verify_archive

        text, holds = verify_archive(bundle, keys=keys)
    elif is_certificate(bundle):
        now = datetime.now(UTC)
        text, holds = verify_certificate(bundle, keys=keys, revoked=revoked, now=now)
    else:
        from app.auctions.public import verify_proof_files

        text, holds = verify_proof_files(bundle, receipts=receipt or (), heads=heads, keys=keys)
    print(text, end="")
    if not holds:
        raise typer.Exit(1)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
