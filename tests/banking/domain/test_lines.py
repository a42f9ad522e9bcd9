"""Lines and orders: where each may go, and that no more is given away than came in."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.banking.domain import lines, orders
from app.banking.domain.bank_accounts import (
    AccountNumberMalformed,
    BankCodeMalformed,
    HolderDiffers,
    check_account,
    masked,
    plain_number,
)
from app.banking.domain.lines import BankLine, Direction, LineStatus, LineTrigger
from app.banking.domain.matching import Doubt
from app.banking.domain.orders import OrderKind, OrderStatus, OrderTrigger, PaymentOrder
from app.shared.errors import DomainError
from app.shared.ids import MarketId
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)
NEW = BankLine(
    id=UUID(int=1),
    market_id=MarketId(UUID(int=9)),
    statement_id=UUID(int=2),
    account_number="3301040160001111111",
    serial="20260320001",
    direction=Direction.CREDIT,
    amount=Money(100),
    at=NOW,
    counterparty_name="西溪智造有限公司",
    counterparty_account="3301040160004812345",
    counterparty_bank="杭州银行科技支行",
    remark="",
    status=LineStatus.NEW,
    assigned=Money(0),
)
QUEUED = lines.queue(NEW, Doubt.NO_TARGET)
ORDER = PaymentOrder(
    id=UUID(int=3),
    number="ZP-P-2026-000001",
    market_id=MarketId(UUID(int=9)),
    kind=OrderKind.RETURN,
    party_id=None,
    subject_id=NEW.id,
    amount=Money(100),
    payee=None,
    purpose="",
    due_at=NOW + timedelta(days=3),
    status=OrderStatus.ORDERED,
    ordered_at=NOW,
)


@pytest.mark.parametrize(("state", "trigger"), list(product(LineStatus, LineTrigger)))
def test_every_line_state_and_trigger(state: LineStatus, trigger: LineTrigger) -> None:
    target = lines.TRANSITIONS.get((state, trigger))
    if target is None:
        with pytest.raises(TransitionRefused):
            advance(lines.TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(lines.TRANSITIONS, state=state, trigger=trigger) is target
        assert state not in {LineStatus.BOOKED, LineStatus.IGNORED}


@pytest.mark.parametrize(("state", "trigger"), list(product(OrderStatus, OrderTrigger)))
def test_every_order_state_and_trigger(state: OrderStatus, trigger: OrderTrigger) -> None:
    """BK8: what was executed or failed stays so. BK11: only an ordered one is exported."""
    target = orders.TRANSITIONS.get((state, trigger))
    if target is None:
        with pytest.raises(TransitionRefused):
            advance(orders.TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(orders.TRANSITIONS, state=state, trigger=trigger) is target
        assert state in {OrderStatus.ORDERED, OrderStatus.EXPORTED}
        assert trigger is not OrderTrigger.EXPORT or state is OrderStatus.ORDERED


ACTS = st.lists(
    st.tuples(st.sampled_from(["assign", "return", "ignore", "fail"]), st.integers(1, 120)),
    max_size=12,
)


@given(ACTS)
def test_parts_and_rest_are_always_what_came_in(acts: list[tuple[str, int]]) -> None:
    """BK2, BK6: booked + rest + returned = the arrival, whatever is tried in whatever order."""
    line, booked, returned, back = QUEUED, 0, 0, 0
    for act, minor in acts:
        try:
            if act == "assign":
                line, booked = lines.assign(line, Money(minor)), booked + minor
            elif act == "return":
                rest = line.rest
                line = lines.assign(line, rest, returned=True)
                returned, back = returned + rest.amount_minor, rest.amount_minor
            elif act == "ignore":
                line = lines.ignore(line, "重复")
            else:
                line = lines.take_back(line, Money(back), "账号有误")
                returned -= back
        except DomainError:
            continue
        struck = 100 if line.status is LineStatus.IGNORED else 0
        assert booked + returned + line.rest.amount_minor + struck == 100
        assert line.assigned.amount_minor == booked + returned
        done = line.status in {LineStatus.BOOKED, LineStatus.RETURNED}
        assert done == (line.assigned == line.amount)


def test_refusals_of_lines_name_what_fits() -> None:
    with pytest.raises(lines.AmountBeyondRest) as beyond:
        lines.assign(lines.assign(QUEUED, Money(60)), Money(41))
    assert beyond.value.fields["maximum"] == Money(40)
    with pytest.raises(lines.LineTouched):
        lines.ignore(lines.assign(QUEUED, Money(60)), "重复")
    with pytest.raises(lines.WrongDirection) as wrong:
        lines.check_direction(QUEUED, Direction.DEBIT)
    assert wrong.value.fields["accepted"] is Direction.DEBIT
    assert NEW.bank_reference(1) == "20260320001"
    assert NEW.bank_reference(2) == "20260320001#2"


def test_an_order_is_executed_with_its_amount_in_the_past() -> None:
    """BK8"""
    told = {"at": NOW, "bank_reference": "1"}
    with pytest.raises(orders.OrderAmountDiffers) as differs:
        orders.execute(ORDER, amount=Money(99), now=NOW, **told)  # type: ignore[arg-type]
    assert differs.value.fields["accepted"] == Money(100)
    early = NOW - timedelta(seconds=1)
    with pytest.raises(orders.ExecutedInFuture):
        orders.execute(ORDER, amount=Money(100), now=early, **told)  # type: ignore[arg-type]
    done = orders.execute(ORDER, amount=Money(100), now=NOW, **told)  # type: ignore[arg-type]
    with pytest.raises(TransitionRefused):
        orders.fail(done, reason="退汇", now=NOW)


@pytest.mark.parametrize(
    ("paid_after_days", "seen_after_days", "overdue"),
    [(None, 2, False), (None, 3, True), (2, 9, False), (3, 9, True)],
)
def test_what_is_not_paid_in_time_is_overdue(
    paid_after_days: int | None, seen_after_days: int, overdue: bool
) -> None:
    """BK10: the deadline is half open, and paying late does not hide it."""
    now, order = NOW + timedelta(days=seen_after_days), ORDER
    if paid_after_days is not None:
        at = NOW + timedelta(days=paid_after_days)
        order = orders.execute(order, at=at, bank_reference="1", amount=order.amount, now=now)
    assert order.overdue(now) is overdue
    if order.executed_at is None:
        assert not orders.fail(order, reason="账号有误", now=now).overdue(now)


def test_accounts_are_in_the_partys_name_and_masked() -> None:
    """BK7"""
    check_account(holder_name="浙大（杭州）公司", bank_code=None, party_name="浙大(杭州) 公司")
    with pytest.raises(HolderDiffers) as differs:
        check_account(holder_name="张三", bank_code=None, party_name="西溪智造有限公司")
    assert differs.value.fields["accepted"] == "西溪智造有限公司"
    with pytest.raises(BankCodeMalformed):
        check_account(holder_name="甲", bank_code="31333", party_name="甲")
    assert plain_number("3301 0401-6000 4812345") == "3301040160004812345"
    for text in ("12345", "33010A", "1" * 33, ""):
        with pytest.raises(AccountNumberMalformed):
            plain_number(text)
    assert masked("3301040160004812345") == "***************2345"
    assert masked("123") == "123"
