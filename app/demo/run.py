"""``zhepai demo``: the whole flow over HTTP before the visitor's eyes, and its figures checked."""

import asyncio
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import httpx
from rich.console import Console

from app.demo.api import Api, CallRefused, Who
from app.demo.market import CODE, PASSWORD, login_of
from app.demo.matching import show_match
from app.demo.session import FREE_PHASE_S, OPERATOR, WINDOW_S, DemoFailed, Session
from app.demo.settling import show_sharing, verified_certificates
from app.demo.show import Show, closing_table, ten_thousands
from app.platform.access import Role
from app.platform.signing import SignatureInvalid
from app.shared.money import Money

# The published Zhejiang-Pai session of 2020: 11 lots, 8.95 M to 12.30 M yuan, 37.43 %.
KNOWN_LOTS: Final = 11
KNOWN_START: Final = "8950000.00"
KNOWN_DEAL: Final = "12300000.00"
KNOWN_PREMIUM: Final = "37.43%"


async def run(base_url: str, console: Console) -> bool:
    """Drive the demo session; return whether every figure is as it must be."""
    started = time.perf_counter()
    console.print(
        "[bold]浙拍演示 Zhepai demo[/]: 11 项成果，从征集到合同登记准备表，全部经由 HTTP 接口"
    )
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
        try:
            with Show(console) as show:
                session = await prepare(client, show)
                await drive(session)
                facts = await gather_facts(session)
        except (DemoFailed, CallRefused, SignatureInvalid, httpx.HTTPError) as failure:
            console.print(f"[red]演示中断 The demo stopped:[/] {failure}")
            return False
    facts["elapsed_s"] = time.perf_counter() - started
    return report(console, session, facts)


async def prepare(client: httpx.AsyncClient, show: Show) -> Session:
    """Sign in everyone who takes part."""
    show.doing("登录 signing in")
    page = (await client.get("/v1/markets", params={"limit": 200})).json()
    markets = [market["id"] for market in page["items"] if market["code"] == CODE]
    if not markets:
        raise DemoFailed("演示市场未装载，请先运行 zhepai demo-load / load the demo market first")
    tokens: dict[Who, str] = {}
    api = Api(client, lambda who: {"Authorization": f"Bearer {tokens[who]}"})
    session = Session(api, show, markets[0])
    people = {OPERATOR, *(lot.seller for lot in session.lots)}
    people |= {Who(Role.BUYER_STAFF, key) for lot in session.lots for key in lot.bidders}
    people |= session.modes.people
    signed_in = await asyncio.gather(*(sign_in(client, who) for who in people))
    tokens.update(zip(people, signed_in, strict=True))
    show.done(f"{len(people)} 位用户已登录 users signed in")
    return session


async def sign_in(client: httpx.AsyncClient, who: Who) -> str:
    """Return an access token by password, as any client would."""
    form = {
        "grant_type": "password",
        "username": login_of(who.party_key, who.role),
        "password": PASSWORD,
    }
    answer = await client.post("/v1/oauth/token", data=form)
    if answer.is_error:
        raise DemoFailed(f"sign-in failed: {answer.text}")
    token: str = answer.json()["access_token"]
    return token


async def drive(session: Session) -> None:
    """Go through the flow, moving the sandbox's clock where days would pass."""
    show, first = session.show, session.lots[0]
    start = Money.parse(first.plan["start"]["amount"])
    await session.announce()
    await session.modes.publish()
    await session.gather_bidders()
    await session.expect_refusal(first, first.bidders[0], start, "auction_not_open", "抢跑 early")
    await session.modes.extend_and_sell(received_at=session.moment)
    opens_at = session.opening()
    show.doing("拨快沙盒时钟至开拍 moving the sandbox clock to the opening")
    await session.advance(opens_at)
    show.done(f"沙盒时钟拨到 {opens_at:%Y-%m-%d %H:%M} 开拍 the auctions are open")
    await session.bid_planned(free_phase=True)
    show.done("自由竞价期出价完毕 free phase: planned bids placed")
    await session.show_refusals()
    await session.advance(opens_at + timedelta(seconds=FREE_PHASE_S))
    await session.tap_twice()
    await session.bid_planned(free_phase=False)
    show.done("限时竞价期，每次有效报价重新计时 timed window restarted by every bid")
    closed = await session.clock() + timedelta(seconds=WINDOW_S + 1)
    await session.advance(closed)
    late = Money.parse(first.plan["bids"][-1]["amount"]) + Money.parse(first.plan["step"]["amount"])
    await session.expect_refusal(first, first.bidders[1], late, "bid_after_close", "迟到 late")
    await session.confirm_and_settle()
    await show_sharing(session, first)
    await show_match(session.api, show, OPERATOR)


async def gather_facts(session: Session) -> dict[str, Any]:
    """Ask the service for the closing figures."""
    results = await session.api.get(None, f"/v1/sessions/{session.session_id}/results")
    books = await session.api.get(OPERATOR, "/v1/ledger/balance")
    return {
        "results": results,
        "ledger": ", ".join(total["amount"] for total in books["totals"]) or "0.00",
        "receipts": await session.verified_receipts(),
        "proofs": await session.verified_proofs(),
        "dossiers": await session.verified_dossiers(),
        "certificates": await verified_certificates(session),
        "modes": await session.modes.sold(),
        "sheets": sum(lot.sheet["ready"] for lot in session.lots),
        "bidders": len({key for lot in session.lots for key in lot.bidders}),
    }


def report(console: Console, session: Session, facts: dict[str, Any]) -> bool:
    """Print the closing tables and tell whether the known figures came out."""
    rows = [
        (
            lot.achievement["title"],
            ten_thousands(lot.plan["start"]["amount"]),
            ten_thousands(lot.plan["bids"][-1]["amount"]),
            f"{len(lot.bidders)}/{len(lot.plan['bids'])}",
            "✓" if lot.sheet["ready"] else "✗",
        )
        for lot in session.lots
    ]
    title = "成交一览 Deals（万元 10,000 yuan，人/次 bidders/bids）"
    columns = ["拍品 lot", "起拍", "成交", "人/次", "登记表"]
    console.print(closing_table(title, columns, rows, wide=36))
    checks = _checks(session, facts)
    marked = [(*row, "✓" if row[1] == row[2] else "✗") for row in checks]
    columns = ["核对 checked", "数值 figure", "应为 expected", ""]
    console.print(closing_table("对照 2020 年一场公开报道 As the session of 2020", columns, marked))
    results = facts["results"]
    console.print(
        f"竞买人 bidders {facts['bidders']}，有效报价 bids {results['bids']}，"
        f"请求 requests {session.api.request_count}，用时 {facts['elapsed_s']:.1f} s"
    )
    return all(found == expected for _, found, expected in checks)


def _checks(session: Session, facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    results = facts["results"]
    lots = str(KNOWN_LOTS)
    return [
        ("成交宗数 lots sold", str(results["sold"]), lots),
        ("起拍总价 start", results["start"]["amount"], KNOWN_START),
        ("成交总价 deal", results["deal"]["amount"], KNOWN_DEAL),
        ("增值率 premium rate", f"{Decimal(results['premium_rate']):.2%}", KNOWN_PREMIUM),
        ("有竞争的拍品 contested lots", str(results["contested"]), "10"),
        ("依规拒绝的报价 bids refused by rule", str(session.refusals), "7"),
        ("验签通过的回执 receipts verified", str(facts["receipts"]), str(results["bids"] + 6)),
        ("由证明文件重算的结果 results recomputed from proofs", str(facts["proofs"]), lots),
        (
            "协议与挂牌成交 sold by agreement, posted",
            "、".join(facts["modes"]),
            "agreement、posted",
        ),
        ("核验通过的尽职证据 dossiers verified", str(facts["dossiers"]), "3"),
        ("核验通过的交易凭证 certificates verified", str(facts["certificates"]), lots),
        ("资金账合计 ledger total", facts["ledger"], "0.00"),
        ("可登记的准备表 sheets ready", str(facts["sheets"]), lots),
    ]
