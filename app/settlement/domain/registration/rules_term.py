"""Rules on the dates: of the deal, of signing, of the contract's term."""

from collections.abc import Iterator
from datetime import MAXYEAR, date
from typing import Final

from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.report import Section, Severity
from app.settlement.domain.registration.rule import Rule, Told, rule

_TERM_YEARS_MAX: Final = 20  # as long as the longest right, an invention's


def year_later(day: date, years: int) -> date:
    """Return the day so many years later; 29 February becomes 28 where there is none."""
    if day.year + years > MAXYEAR:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


@rule(Severity.ERROR, Section.TERM, "登记表", "日期先后有序")
def dates_ordered(record: ContractRecord) -> Iterator[Told]:
    """Deal ≤ signed ≤ start ≤ end, as far as they are known."""
    for earlier, later, zh, en in (
        ("confirmed_on", "signed_on", "签订日期早于成交日期", "It was signed before the deal"),
        ("signed_on", "starts_on", "起始日期早于签订日期", "It starts before it was signed"),
        ("starts_on", "ends_on", "截止日期早于起始日期", "It ends before it starts"),
    ):
        first: date | None = getattr(record, earlier)
        second: date | None = getattr(record, later)
        if first is not None and second is not None and second < first:
            yield Told(
                later,
                (f"{zh}：{second} 早于 {first}", f"{en}: {second} is before {first}"),
                (f"核对日期，不得早于 {first}", f"Correct it to {first} or later"),
                (f"≥ {first}",),
                Section.SIGNATURE if later == "signed_on" else None,
            )


@rule(Severity.ERROR, Section.SIGNATURE, "登记表", "签订日期不晚于申报日")
def signed_not_in_future(record: ContractRecord) -> Iterator[Told]:
    """The contract is signed when it is filed."""
    signed, filing = record.signed_on, record.filing_on
    if signed is not None and filing is not None and signed > filing:
        yield Told(
            "signed_on",
            (
                f"签订日期 {signed} 晚于申报日 {filing}",
                f"It is signed on {signed}, after the filing on {filing}",
            ),
            ("合同签订后再申报，或更正签订日期", "File it when it is signed, or correct the day"),
            (f"≤ {filing}",),
        )


@rule(Severity.WARNING, Section.TERM, "实务; 专利法 42", "合同期限合理")
def term_plausible(record: ContractRecord) -> Iterator[Told]:
    """The term is at most twenty years; a longer one is often a slip in the year."""
    starts, ends = record.starts_on, record.ends_on
    if starts is not None and ends is not None and ends > year_later(starts, _TERM_YEARS_MAX):
        yield Told(
            "ends_on",
            (
                f"合同期限超过{_TERM_YEARS_MAX}年（{starts} 至 {ends}）",
                f"The term is longer than {_TERM_YEARS_MAX} years",
            ),
            ("核对截止日期的年份", "Check the year of the end"),
        )


RULES: Final[tuple[Rule, ...]] = (dates_ordered, signed_not_in_future, term_plausible)
