"""Generated commands against a naive ledger in memory: same answers, same balances."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.ledger import repository
from app.ledger.domain.accounts import AccountKey
from app.ledger.domain.entries import NotReversible
from app.shared.errors import Conflict, NotFound
from app.shared.ids import DealId, EntryId, HoldId, PartyId, VoucherId
from app.shared.money import Money
from tests.ledger.factories import ACTOR, AT, Books

PARTIES = st.integers(0, 1)
IDS = st.integers(0, 11)  # few, so that ids repeat with the same and with other content
FEW = st.integers(0, 2)
AMOUNTS = st.sampled_from([1, 2, 2, 5])
NONE = st.just(0)


def _commands(kinds: str, *numbers: st.SearchStrategy[int]) -> Any:
    return st.tuples(st.sampled_from(kinds.split()), *numbers)


# What a command's three numbers mean: its id, a party and with it its deal, an amount.
COMMANDS = st.one_of(
    _commands("receive", IDS, PARTIES, st.sampled_from([5, 8, 13])),
    _commands("pay_in settle forfeit_escrow refund_escrow", IDS, PARTIES, AMOUNTS),
    _commands(
        "pay_fee withhold_fee refund_fee commission withhold_commission", IDS, PARTIES, AMOUNTS
    ),
    _commands("voucher_fee voucher_price undo_fee undo_price", IDS, PARTIES, AMOUNTS),
    _commands("settle_voucher", IDS, NONE, AMOUNTS),
    _commands("hold", FEW, PARTIES, AMOUNTS),
    _commands("release", FEW, NONE, NONE),
    _commands("capture forfeit", FEW, PARTIES, NONE),  # to the party's deal; on its ground
    _commands("arrive", FEW, NONE, st.sampled_from([5, 8, 13])),
    _commands("identify", IDS, PARTIES, AMOUNTS),
    _commands("order_payment order_return", FEW, PARTIES, AMOUNTS),
    _commands("execute", FEW, NONE, AMOUNTS),
    _commands("call_off strike", FEW, NONE, NONE),
    _commands("reverse", IDS, IDS, NONE),
)
Command = tuple[str, int, int, int]
# Something lies everywhere, so that most of what is generated has something to move.
OPENING: Final[tuple[Command, ...]] = (
    ("receive", 20, 0, 20),
    ("receive", 21, 1, 20),
    ("pay_in", 22, 0, 5),
    ("pay_in", 23, 1, 5),
    ("pay_fee", 24, 0, 2),
    ("hold", 0, 0, 2),
    ("hold", 1, 1, 2),
    ("arrive", 0, 0, 8),
    ("order_payment", 0, 0, 2),
    ("order_payment", 1, 1, 1),
)
Place = tuple[str, int]  # an account: its purpose and the party, deal, arrival, order or voucher

BANK: Final = ("bank", 0)
ASSETS: Final = {"bank", "vouchers"}
REVERSIBLE: Final = {"receive", "pay_in", "settle"}


def arrival_of(number: int) -> int:
    """Return of which arrival an identification takes."""
    return number % 3


def voucher_of(number: int) -> int:
    """Return which voucher a command is about."""
    return number % 2


def movement(kind: str, number: int, who: int) -> tuple[Place, Place]:
    """Return the debit and the credit of a plain movement, as the README's table has them."""
    funds, escrow, fees = ("funds", who), ("escrow", who), ("fees", who)
    suspense, outgoing = ("suspense", arrival_of(number)), ("outgoing", number)
    voucher, other = ("vouchers", voucher_of(number)), ("funds", 1 - who)
    table: dict[str, tuple[Place, Place]] = {
        "receive": (BANK, funds),
        "pay_in": (funds, escrow),
        "settle": (escrow, other),
        "forfeit_escrow": (escrow, ("forfeited", 0)),
        "refund_escrow": (escrow, funds),
        "pay_fee": (funds, fees),
        "withhold_fee": (escrow, fees),
        "refund_fee": (fees, funds),
        "commission": (funds, other),
        "withhold_commission": (escrow, other),
        "voucher_fee": (voucher, fees),
        "voucher_price": (voucher, escrow),
        "undo_fee": (fees, voucher),
        "undo_price": (escrow, voucher),
        "settle_voucher": (BANK, voucher),
        "identify": (suspense, funds),
        "arrive": (BANK, ("suspense", number)),
        "order_payment": (funds, outgoing),
        "order_return": (("suspense", who), outgoing),
        "execute": (outgoing, BANK),
    }
    return table[kind]


# Kinds whose entries have ids of their own, derived from the arrival or the order.
DERIVED: Final = {
    "arrive": "arrival",
    "order_payment": "order",
    "order_return": "order",
    "execute": "execution",
}


@dataclass
class Naive:
    """A ledger so simple that it is plainly right: balances and entries in dictionaries."""

    balances: Counter[Place] = field(default_factory=Counter)
    entries: dict[object, tuple[Any, ...]] = field(default_factory=dict)
    holds: dict[int, tuple[int, int]] = field(default_factory=dict)
    ended: dict[int, tuple[str, int]] = field(default_factory=dict)

    def book(self, entry_id: object, kind: str, debit: Place, credit: Place, minor: int) -> bool:
        """Return whether the entry is accepted: new and within limits, or the same again."""
        content = (kind, debit, credit, minor)
        if entry_id in self.entries:
            return self.entries[entry_id] == content
        changes = {
            debit: minor if debit[0] in ASSETS else -minor,
            credit: -minor if credit[0] in ASSETS else minor,
        }
        if any(self.balances[at] + changes[at] < 0 for at in changes if at != BANK):
            return False
        self.entries[entry_id] = content
        self.balances.update(changes)
        return True

    def do(self, kind: str, number: int, who: int, minor: int) -> bool:
        """Return whether the command is accepted."""
        own = getattr(self, kind, None)
        if own is not None:
            return bool(own(number, who, minor))
        entry_id = (DERIVED[kind], number) if kind in DERIVED else number
        return self.book(entry_id, kind, *movement(kind, number, who), minor)

    def hold(self, number: int, who: int, minor: int) -> bool:
        if number in self.holds:
            return self.holds[number] == (who, minor)
        if not self.book(("hold", number), "hold", ("funds", who), ("held", who), minor):
            return False
        self.holds[number] = (who, minor)
        return True

    def _end(self, how: str, number: int, said: int, to: Place | None = None) -> bool:
        if number not in self.holds:
            return False
        if number not in self.ended:
            who, minor = self.holds[number]
            self.book((how, number), how, ("held", who), to or ("funds", who), minor)
            self.ended[number] = (how, said)
        return self.ended[number] == (how, said)

    def release(self, number: int, _who: int, _minor: int) -> bool:
        return self._end("release", number, 0)

    def capture(self, number: int, deal: int, _minor: int) -> bool:
        return self._end("capture", number, deal, ("escrow", deal))

    def forfeit(self, number: int, ground: int, _minor: int) -> bool:
        return self._end("forfeit", number, ground, ("forfeited", 0))

    def _undo(self, target: object, reversal_id: object) -> bool:
        """Book an entry the other way round, at most once."""
        if target not in self.entries:
            return False
        name = f"undo of {target}"
        undone = [known for known, content in self.entries.items() if content[0] == name]
        if undone:
            return undone == [reversal_id]
        _, debit, credit, minor = self.entries[target]
        return self.book(reversal_id, name, credit, debit, minor)

    def reverse(self, number: int, target: int, _minor: int) -> bool:
        kind = self.entries.get(target, ("none",))[0]
        return kind in REVERSIBLE and self._undo(target, number)

    def call_off(self, number: int, _who: int, _minor: int) -> bool:
        return self._undo(("order", number), ("call_off", number))

    def strike(self, number: int, _who: int, _minor: int) -> bool:
        return self._undo(("arrival", number), ("strike", number))


Deed = Callable[..., Awaitable[object]]
Told = dict[str, Any]


@dataclass
class Real:
    """The ledger under test, driven by the same commands."""

    books: Books
    parties: list[PartyId]
    salt: int

    def id(self, number: int, of: int = 0) -> UUID:
        return UUID(int=self.salt + 100 * of + number)

    def arrival(self, number: int) -> UUID:
        return self.id(number, 1)

    def order(self, number: int) -> UUID:
        return self.id(number, 2)

    def voucher(self, number: int) -> UUID:
        return self.id(voucher_of(number), 3)

    def deed(self, kind: str, number: int, who: int, minor: int) -> Deed:
        """Return the call that a command stands for, but for what all calls are told."""
        entry_id, amount = EntryId(self.id(number)), Money(minor)
        party_id, other_id = self.parties[who % 2], self.parties[1 - who % 2]
        deal_id = DealId(party_id)
        order: Told = {"order_id": self.order(number)}
        money: Told = {"market_id": self.books.market_id, "amount": amount}
        entry = money | {"entry_id": entry_id}
        fee = entry | {"deal_id": deal_id, "reference": "fee"}
        mine: Told = {"party_id": party_id, "reference": "mine"}
        voucher: Told = {"voucher_id": VoucherId(self.voucher(number)), "reference": "voucher"}
        out = money | order | {"reference": "out"}
        deal = entry | {"deal_id": deal_id}
        held: Told = {"hold_id": HoldId(entry_id)}
        deeds: dict[str, Callable[[], Deed]] = {
            "receive": lambda: partial(ledger.receive, **entry, **mine),
            "pay_in": lambda: partial(ledger.pay_into_escrow, **deal, party_id=party_id),
            "settle": lambda: partial(ledger.settle_escrow, **deal, seller_id=other_id),
            "forfeit_escrow": lambda: partial(ledger.forfeit_escrow, **deal, ground="lost"),
            "refund_escrow": lambda: partial(ledger.refund_escrow, **deal, party_id=party_id),
            "pay_fee": lambda: partial(ledger.pay_fee, **fee, party_id=party_id),
            "withhold_fee": lambda: partial(ledger.withhold_fee, **fee),
            "refund_fee": lambda: partial(ledger.refund_fee, **fee, party_id=party_id),
            "commission": lambda: partial(
                ledger.pay_commission, **fee, payer_id=party_id, broker_id=other_id
            ),
            "withhold_commission": lambda: partial(
                ledger.pay_commission, **fee, payer_id=None, broker_id=other_id
            ),
            "voucher_fee": lambda: partial(ledger.pay_by_voucher, **deal, **voucher, price=False),
            "voucher_price": lambda: partial(ledger.pay_by_voucher, **deal, **voucher, price=True),
            "undo_fee": lambda: partial(ledger.undo_voucher, **deal, **voucher, price=False),
            "undo_price": lambda: partial(ledger.undo_voucher, **deal, **voucher, price=True),
            "settle_voucher": lambda: partial(ledger.settle_voucher, **entry, **voucher),
            "hold": lambda: partial(
                ledger.hold, **money, **held, party_id=party_id, subject_id=UUID(int=1)
            ),
            "release": lambda: partial(ledger.release, **held),
            "capture": lambda: partial(ledger.capture, **held, deal_id=deal_id),
            "forfeit": lambda: partial(ledger.forfeit, **held, ground=f"ground {who}"),
            "arrive": lambda: partial(self._arrive, number, amount),
            "identify": lambda: partial(
                ledger.identify, **entry, **mine, arrival_id=self.arrival(arrival_of(number))
            ),
            "order_payment": lambda: partial(ledger.order_payment, **out, party_id=party_id),
            "order_return": lambda: partial(
                ledger.order_return, **out, arrival_id=self.arrival(who)
            ),
            "execute": lambda: partial(ledger.execute, **out),
            "call_off": lambda: partial(ledger.call_off, **order, reason="account closed"),
            "strike": lambda: partial(
                ledger.strike_arrival, arrival_id=self.arrival(number), reason="none of ours"
            ),
            "reverse": lambda: partial(
                ledger.reverse,
                entry_id=EntryId(self.id(who)),
                reversal_id=entry_id,
                reason="wrong",
            ),
        }
        return deeds[kind]()

    async def _arrive(self, number: int, amount: Money, session: AsyncSession, **how: Any) -> None:
        arrived = ledger.unidentified(
            arrival_id=self.arrival(number),
            market_id=self.books.market_id,
            amount=amount,
            reference="bank",
            at=AT,
        )
        await ledger.book_all(session, [arrived], **how)

    async def do(self, kind: str, number: int, who: int, minor: int) -> bool:
        session = self.books.session
        deed = self.deed(kind, number, who, minor)
        try:
            async with session.begin_nested():
                await deed(session=session, at=AT, actor=ACTOR)
        except (Conflict, NotFound, NotReversible):
            return False
        return True

    def place(self, key: AccountKey) -> Place:
        """Return how the naive ledger calls an account."""
        names: dict[object, int] = {None: 0}
        names |= {party_id: index for index, party_id in enumerate(self.parties)}
        names |= {self.id(number, of): number for of in (1, 2, 3) for number in range(12)}
        return str(key.purpose), names[key.party_id or key.subject_id]


async def check_same(real: Real, naive: Naive) -> None:
    """Every account holds what the naive ledger says, and its statement ends there (G2, G3)."""
    session, found = real.books.session, Counter[Place]()
    for account, balance in await repository.list_accounts(
        session,
        market_id=real.books.market_id,
        party_id=None,
        purpose=None,
        before=None,
        limit=99,
    ):
        found[real.place(account.key)] = balance.amount_minor
        lines = await repository.statement_of(session, account, after=0, limit=199)
        if account.key.limited:
            assert all(line.balance.amount_minor >= 0 for line in lines)
        assert not lines or lines[-1].balance == balance
    assert +found == +naive.balances
    assert all(total.amount_minor == 0 for total in await real.books.totals())


@given(commands=st.lists(COMMANDS, min_size=15, max_size=40))
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_agrees_with_the_naive_ledger(session: AsyncSession, commands: list[Command]) -> None:
    """G2, G3, G4, G6, G7, G11, G12"""
    books = Books(session)
    parties = [PartyId(UUID(int=books.market_id.int + number)) for number in (1, 2)]
    real, naive = Real(books, parties, books.market_id.int + 100), Naive()
    for command in (*OPENING, *commands):
        assert await real.do(*command) == naive.do(*command), command
    await check_same(real, naive)
