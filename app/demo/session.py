"""Drive the demo session over HTTP: 11 lots from achievement to registration sheet."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

import httpx

from app.auctions.public import verify_proof
from app.demo import steps
from app.demo.api import Api, Who
from app.demo.market import content, records, session_plan
from app.demo.modes import Modes
from app.demo.settling import settle
from app.demo.show import Show
from app.dossiers.public import check_dossier
from app.platform.access import Role
from app.platform.signing import verify
from app.shared.calendar import SHANGHAI, mainland_china
from app.shared.money import Money

OPERATOR = Who(Role.OPERATOR, "zhelan_exchange")
FREE_PHASE_S = 3600
WINDOW_S = 120
POSTED_WORKING_DAYS = 12  # twice five of disclosure, each told on the day after its end


class DemoFailed(Exception):
    """The service did not do what the demo expects."""


@dataclass
class Lot:
    """A lot of the plan and what became of it."""

    plan: dict[str, Any]
    achievement: dict[str, Any]
    listing: dict[str, Any] = field(default_factory=dict)
    auction_id: str = ""
    deal_id: str = ""
    sheet: dict[str, Any] = field(default_factory=dict)
    certificate: dict[str, Any] = field(default_factory=dict)
    sent: int = 0

    @property
    def seller(self) -> Who:
        """Who lists it."""
        return Who(Role.SELLER_STAFF, self.achievement["owner"])

    @property
    def bidders(self) -> list[str]:
        """Keys of its bidders, in the order of their first bids."""
        return list(dict.fromkeys(bid["bidder"] for bid in self.plan["bids"]))

    @property
    def free_bids(self) -> int:
        """How many bids belong to the free phase: those of two bidders at least."""
        return max(2, len(self.plan["bids"]) // 2)

    @property
    def mode(self) -> str:
        """The conversion mode on offer: a transfer where the owner wants one."""
        modes: list[str] = self.achievement["conversion_modes"]
        return "transfer" if "transfer" in modes else modes[0]


def plan_lots() -> list[Lot]:
    """Return the planned lots with their achievements."""
    achievements = {record["key"]: record for record in records("achievements")}
    return [Lot(plan, achievements[plan["achievement"]]) for plan in session_plan()["lots"]]


class Session:
    """One run of the demo session.

    Args:
        market_id: The demo market, a sandbox.
    """

    def __init__(self, api: Api, show: Show, market_id: str) -> None:
        self.api = api
        self.show = show
        self.market_id = market_id
        self.lots = plan_lots()
        self.names = {record["key"]: record["name"] for record in records("parties")}
        self.session_id = ""
        self.receipts: list[str] = []
        self.refusals = 0
        self.modes = Modes(api, show, OPERATOR, self.advance)

    async def clock(self) -> datetime:
        """Return the market's present moment."""
        clock = await self.api.get(None, f"/v1/markets/{self.market_id}/clock")
        return datetime.fromisoformat(clock["now"])

    async def moment(self) -> str:
        """Return the market's present moment as it is sent."""
        return (await self.clock()).isoformat()

    async def advance(self, moment: datetime) -> None:
        """Move the sandbox's clock; what is due on the way happens in order."""
        if moment > await self.clock():
            path = f"/v1/markets/{self.market_id}/sandbox/clock"
            await self.api.post(OPERATOR, path, {"advance_to": moment.isoformat()})

    async def announce(self) -> None:
        """Submit, accept and draft all lots, fix their auctions, publish their notices."""
        title = session_plan()["title"]
        today = (await self.clock()).date()
        made = await self.api.post(
            OPERATOR,
            "/v1/sessions",
            {"title": title, "edition": "general", "held_on": str(today + timedelta(days=45))},
        )
        self.session_id = made["id"]
        for number, lot in enumerate(self.lots, 1):
            self.show.doing(
                f"征集、受理、起草 [{number}/{len(self.lots)}] {lot.achievement['title']}"
            )
            body = content(lot.achievement, "owner")
            achievement_id = await steps.accept_achievement(self.api, lot.seller, OPERATOR, body)
            lot.listing = await steps.draft_listing(
                self.api,
                lot.seller,
                achievement_id=achievement_id,
                conversion_mode=lot.mode,
                start=lot.plan["start"],
                deposit=lot.plan["deposit"],
                session_id=self.session_id,
            )
        self.show.done(
            f"征集遴选 {len(self.lots)} 项成果已受理并起草挂牌 achievements accepted, drafted"
        )
        opens_at = await self._planned_opening()
        for lot in self.lots:
            terms = {
                "format": "multiple_bids",
                "start": lot.plan["start"],
                "step": lot.plan["step"],
                "steps_max": 5,
                "free_phase_s": FREE_PHASE_S,
                "window_s": WINDOW_S,
            }
            lot.auction_id, lot.listing = await steps.publish(
                self.api, OPERATOR, lot.listing, opens_at=opens_at.isoformat(), terms=terms
            )
        first = self.lots[0].listing
        self.show.done(
            f"公告 {first['number']} 等已发布 notices out, 披露至 disclosed until "
            f"{first['disclosure_ends_at'][:10]}"
        )

    async def _planned_opening(self) -> datetime:
        """Return nine o'clock on a working day after the longest disclosure.

        The posted listing is to be extended and sold before, also where holidays make that longer.
        """
        calendar = mainland_china()
        drafts = (lot.listing for lot in self.lots)
        earliest = max(datetime.fromisoformat(draft["earliest_opening"]) for draft in drafts)
        disclosed = calendar.next_working_day_on_or_after(earliest.astimezone(SHANGHAI).date())
        today = (await self.clock()).astimezone(SHANGHAI).date()
        sold = calendar.add_working_days(today, POSTED_WORKING_DAYS)
        return datetime.combine(max(disclosed, sold), time(9), SHANGHAI)

    def opening(self) -> datetime:
        """Return the moment at which all lots open, in Shanghai time."""
        return datetime.fromisoformat(self.lots[0].listing["opens_at"]).astimezone(SHANGHAI)

    async def gather_bidders(self) -> None:
        """Register, qualify and take the deposits of every lot's bidders."""
        received_at = await self.moment()
        count = 0
        for lot in self.lots:
            for key in lot.bidders:
                self.show.doing(f"受让登记、资格、保证金 {self.names[key]}")
                await steps.become_bidder(
                    self.api,
                    Who(Role.BUYER_STAFF, key),
                    OPERATOR,
                    lot.listing,
                    name=self.names[key],
                    received_at=received_at,
                )
                count += 1
        self.show.done(f"受让登记 {count} 份，保证金全部到账 registrations with deposits held")

    async def bid(self, lot: Lot, bid: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        """Place one bid; keep its receipt."""
        amount = {"amount": bid["amount"], "currency": "CNY"}
        who = Who(Role.BUYER_STAFF, bid["bidder"])
        path = f"/v1/auctions/{lot.auction_id}/bids"
        answer = await self.api.send("POST", who, path, {"amount": amount}, key=key)
        receipt = answer.json().get("receipt")
        if receipt is not None:
            self.receipts.append(receipt)
        return answer

    async def bid_planned(self, *, free_phase: bool) -> None:
        """Place all planned bids of the free phase, or the rest in the timed windows."""
        for lot in self.lots:
            bids = lot.plan["bids"]
            for bid in bids[lot.sent : lot.free_bids if free_phase else len(bids)]:
                answer = await self.bid(lot, bid)
                if answer.status_code != 201:
                    raise DemoFailed(f"a planned bid was refused: {answer.text}")
                lot.sent += 1
                self.show.doing(
                    f"{self.names[bid['bidder']]} {bid['amount']} 元 · {lot.achievement['title']}"
                )

    async def expect_refusal(
        self, lot: Lot, bidder: str, amount: Money, code: str, label: str
    ) -> None:
        """Place a bid that the rules refuse, and check the reason."""
        answer = await self.bid(lot, {"bidder": bidder, "amount": str(amount)})
        problem = answer.json()
        if problem.get("code") != code:
            raise DemoFailed(f"expected {code}, got {answer.text}")
        self.refusals += 1
        valid = problem.get("minimum")
        hint = f"，下一有效报价 next valid {valid['amount']}" if valid else ""
        self.show.refused(f"{label} {amount} 元: {code}{hint}")

    async def show_refusals(self) -> None:
        """Try, on the first lot in its free phase, every bid that must not stand."""
        lot = self.lots[0]
        leader, other = lot.plan["bids"][lot.sent - 1], lot.bidders[0]
        leading = Money.parse(leader["amount"])
        step = Money.parse(lot.plan["step"]["amount"])
        stranger = next(key for key in self.lots[1].bidders if key not in lot.bidders)
        for bidder, amount, code, label in (
            (other, leading, "bid_too_low", "低价 low"),
            (other, leading + step + Money(1_00), "bid_off_step", "不合幅度 off step"),
            (other, leading + step * 6, "bid_too_high", "超过五个幅度 too high"),
            (leader["bidder"], leading + step, "self_overbid", "自我加价 self-overbid"),
            (stranger, leading + step, "bidder_not_qualified", "未登记 unqualified"),
        ):
            await self.expect_refusal(lot, bidder, amount, code, label)

    async def tap_twice(self) -> None:
        """Send the first lot's first timed bid twice with one key: one bid, one receipt."""
        lot = self.lots[0]
        bid = lot.plan["bids"][lot.sent]
        first, again = [await self.bid(lot, bid, key=f"tap-{lot.auction_id}") for _ in range(2)]
        if first.status_code != 201 or first.content != again.content:
            raise DemoFailed("a repeated key did not give the same receipt")
        self.receipts.pop()
        lot.sent += 1
        self.show.done("同一幂等键连发两次，只计一次报价 one key twice: one bid, same receipt")

    async def confirm_and_settle(self) -> None:
        """Confirm every winner, take the rest of the price, fix the contract, read the sheet."""
        for lot in self.lots:
            self.show.doing(f"确认、结算 {lot.achievement['title']}")
            path = f"/v1/auctions/{lot.auction_id}/confirmation"
            confirmed = await self.api.post(OPERATOR, path)
            lot.deal_id = confirmed["auction"]["deal_id"]
            await settle(self, lot, OPERATOR)
        self.show.done(
            "成交确认、价款结清、签约、出具交易凭证，未成交保证金原路退回 "
            "confirmed, paid, signed, certified, deposits returned"
        )

    async def verified_receipts(self) -> int:
        """Check every receipt with the published keys, as any bidder could."""
        keys = await self.api.get(None, "/.well-known/jwks.json")
        for receipt in self.receipts:
            verify(receipt, keys)
        return len(self.receipts)

    async def verified_proofs(self) -> int:
        """Recompute every lot's result from its proof bundle, as a stranger could."""
        proven = 0
        for lot in self.lots:
            bundle = await self.api.get(None, f"/v1/auctions/{lot.auction_id}/proof")
            result = verify_proof(bundle).result
            proven += result["price"]["amount"] == lot.plan["bids"][-1]["amount"]
        return proven

    async def verified_dossiers(self) -> int:
        """Make the evidence dossier of one listing a pricing mode and verify it, as an auditor."""
        keys = await self.api.get(None, "/.well-known/jwks.json")
        offers = (self.modes.agreement.listing, self.modes.posted.listing, self.lots[0].listing)
        for listing in offers:
            made = await self.api.post(OPERATOR, f"/v1/listings/{listing['id']}/dossiers")
            path = f"/v1/dossiers/{made['id']}/archive"
            archive = await self.api.send("GET", OPERATOR, path)
            check_dossier(archive.content, keys=keys)
        return len(offers)
