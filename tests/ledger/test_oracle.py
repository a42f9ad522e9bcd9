"""Generated commands against a naive ledger in memory: same answers, same balances."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.ledger import repository
from app.shared.errors import Conflict, NotFound
from app.shared.ids import DealId, EntryId, HoldId, PartyId
from tests.ledger.factories import ACTOR, AT, Books

PARTIES = st.integers(0, 1)
IDS = st.integers(0, 7)  # few, so that ids repeat with the same and with other content
AMOUNTS = st.sampled_from([1, 2, 3, 5])

COMMANDS = st.one_of(
    st.tuples(st.just("receive"), IDS, PARTIES, AMOUNTS),
    st.tuples(st.just("pay_out"), IDS, PARTIES, AMOUNTS),
    st.tuples(st.just("hold"), IDS, PARTIES, AMOUNTS),
    st.tuples(st.just("release"), IDS, st.just(0), st.just(0)),
    st.tuples(st.just("capture"), IDS, PARTIES, st.just(0)),  # the party stands for the deal
    st.tuples(st.just("forfeit"), IDS, PARTIES, st.just(0)),  # the party stands for the ground
    st.tuples(st.just("forfeit_escrow"), IDS, PARTIES, AMOUNTS),
    st.tuples(st.just("refund_escrow"), IDS, PARTIES, AMOUNTS),  # of the party's own deal
    st.tuples(st.just("reverse"), IDS, IDS, st.just(0)),
)
Command = tuple[str, int, int, int]


@dataclass
class Naive:
    """A ledger so simple that it is plainly right; entries and holds in dictionaries."""

    funds: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    escrow: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    forfeited: int = 0
    entries: dict[object, tuple[object, ...]] = field(default_factory=dict)
    holds: dict[int, tuple[int, int]] = field(default_factory=dict)
    ended: dict[int, tuple[str, int]] = field(default_factory=dict)

    def book(self, entry_id: object, content: tuple[object, ...]) -> bool | None:
        """True: new; None: repeated; False: refused."""
        known = self.entries.get(entry_id)
        if known is not None:
            return None if known == content else False
        return True

    def do(self, kind: str, number: int, who: int, minor: int) -> bool:
        """Return whether the command is accepted."""
        return bool(getattr(self, kind)(number, who, minor))

    def receive(self, number: int, who: int, minor: int) -> bool:
        fresh = self.book(number, ("receive", who, minor))
        if fresh:
            self.entries[number] = ("receive", who, minor)
            self.funds[who] += minor
        return fresh is not False

    def pay_out(self, number: int, who: int, minor: int) -> bool:
        fresh = self.book(number, ("pay_out", who, minor))
        if fresh:
            if self.funds[who] < minor:
                return False
            self.entries[number] = ("pay_out", who, minor)
            self.funds[who] -= minor
        return fresh is not False

    def hold(self, number: int, who: int, minor: int) -> bool:
        if number in self.holds:
            return self.holds[number] == (who, minor)
        if self.funds[who] < minor:
            return False
        self.holds[number] = (who, minor)
        self.entries["hold", number] = ("hold", who, minor)  # an id of its own: `holding_entry_id`
        self.funds[who] -= minor
        self.held[who] += minor
        return True

    def _end(self, number: int, how: str, deal: int) -> tuple[int, int] | bool:
        if number not in self.holds:
            return False
        if number in self.ended:
            return self.ended[number] == (how, deal)
        self.ended[number] = (how, deal)
        who, minor = self.holds[number]
        self.held[who] -= minor
        return who, minor

    def release(self, number: int, _who: int, _minor: int) -> bool:
        done = self._end(number, "release", 0)
        if isinstance(done, tuple):
            self.funds[done[0]] += done[1]
        return bool(done)

    def capture(self, number: int, deal: int, _minor: int) -> bool:
        done = self._end(number, "capture", deal)
        if isinstance(done, tuple):
            self.escrow[deal] += done[1]
        return bool(done)

    def forfeit(self, number: int, ground: int, _minor: int) -> bool:
        done = self._end(number, "forfeit", ground)
        if isinstance(done, tuple):
            self.forfeited += done[1]
        return bool(done)

    def forfeit_escrow(self, number: int, deal: int, minor: int) -> bool:
        return self._from_escrow(number, ("forfeit_escrow", deal, minor))

    def refund_escrow(self, number: int, deal: int, minor: int) -> bool:
        return self._from_escrow(number, ("refund_escrow", deal, minor))

    def _from_escrow(self, number: int, content: tuple[str, int, int]) -> bool:
        fresh = self.book(number, content)
        kind, deal, minor = content
        if fresh:
            if self.escrow[deal] < minor:
                return False
            self.entries[number] = content
            self.escrow[deal] -= minor
            if kind == "refund_escrow":
                self.funds[deal] += minor
            else:
                self.forfeited += minor
        return fresh is not False

    def reverse(self, number: int, target: int, _minor: int) -> bool:
        known = self.entries.get(target)
        if known is None:
            return False
        undone = next((i for i, c in self.entries.items() if c == ("reverse", target)), None)
        if undone is not None:
            return undone == number
        if known[0] not in ("receive", "pay_out") or number in self.entries:
            return False
        sign = -1 if known[0] == "receive" else 1
        who, minor = known[1], known[2]
        assert isinstance(who, int)
        assert isinstance(minor, int)
        if self.funds[who] + sign * minor < 0:
            return False
        self.entries[number] = ("reverse", target)
        self.funds[who] += sign * minor
        return True


@dataclass
class Real:
    """The ledger under test, driven by the same commands."""

    books: Books
    parties: list[PartyId]
    salt: int

    def id(self, number: int) -> UUID:
        return UUID(int=self.salt + number)

    async def end(self, kind: str, entry_id: UUID, who: int, minor: int) -> None:
        """Take money from who had it, or give it back after a deal that ended."""
        ground = f"ground {who}"
        if kind == "forfeit":
            await ledger.forfeit(
                self.books.session, hold_id=HoldId(entry_id), at=AT, actor=ACTOR, ground=ground
            )
        elif kind == "forfeit_escrow":
            await self.books.forfeit_escrow(self.parties[who], minor, entry_id=entry_id)
        else:
            await self.books.refund_escrow(self.parties[who], minor, entry_id=entry_id)

    async def do(self, kind: str, number: int, who: int, minor: int) -> bool:
        session, books = self.books.session, self.books
        entry_id = self.id(number)
        try:
            async with session.begin_nested():
                if kind in ("forfeit", "forfeit_escrow", "refund_escrow"):
                    await self.end(kind, entry_id, who, minor)
                elif kind == "receive":
                    await books.receive(self.parties[who], minor, entry_id=entry_id)
                elif kind == "pay_out":
                    await books.pay_out(self.parties[who], minor, entry_id=entry_id)
                elif kind == "hold":
                    await books.hold(self.parties[who], minor, hold_id=entry_id)
                elif kind == "release":
                    await ledger.release(session, hold_id=HoldId(entry_id), at=AT, actor=ACTOR)
                elif kind == "capture":
                    deal = DealId(self.parties[who])
                    hold_id = HoldId(entry_id)
                    await ledger.capture(session, hold_id=hold_id, deal_id=deal, at=AT, actor=ACTOR)
                else:
                    await ledger.reverse(
                        session,
                        entry_id=EntryId(self.id(who)),
                        reversal_id=EntryId(entry_id),
                        at=AT,
                        actor=ACTOR,
                        reason="wrong",
                    )
        except (Conflict, NotFound):
            return False
        except Exception as refusal:
            if getattr(refusal, "code", "") != "entry_not_reversible":
                raise
            return False
        return True


@given(commands=st.lists(COMMANDS, min_size=4, max_size=25))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_agrees_with_the_naive_ledger(session: AsyncSession, commands: list[Command]) -> None:
    """G2, G3, G4, G6, G7"""
    books = Books(session)
    parties = [PartyId(UUID(int=books.market_id.int + number)) for number in (1, 2)]
    real, naive = Real(books, parties, books.market_id.int + 100), Naive()
    for command in commands:
        assert await real.do(*command) == naive.do(*command), command
    for index, party_id in enumerate(parties):
        assert await books.funds(party_id) == naive.funds[index]
        escrow = await ledger.escrow_of(
            session, market_id=books.market_id, deal_id=DealId(party_id)
        )
        assert escrow.amount_minor == naive.escrow[index]
    lost = await ledger.forfeited_of(session, market_id=books.market_id)
    assert lost.amount_minor == naive.forfeited
    assert all(total.amount_minor == 0 for total in await books.totals())
    for account, balance in await repository.list_accounts(
        session, market_id=books.market_id, party_id=None, purpose=None, before=None, limit=99
    ):
        lines = await repository.statement_of(session, account, after=0, limit=99)
        if account.key.limited:
            assert all(line.balance.amount_minor >= 0 for line in lines)
        assert not lines or lines[-1].balance == balance
