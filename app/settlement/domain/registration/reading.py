"""Read contract records as people and programs write them: JSON objects and rows of tables.

A value that cannot be read is told once, with what would pass, and stays unknown; a code that no
table has is kept as it stands, so that the rules tell of it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Final

from app.settlement.domain.registration.linter import lint
from app.settlement.domain.registration.mapping import FormField, field_of, mapping
from app.settlement.domain.registration.record import ContractRecord, Side
from app.settlement.domain.registration.report import Finding, Report, Section, Severity
from app.shared.money import AmountInvalid, Money
from app.shared.tables.cells import read_date, read_money, read_text, read_yes_no
from app.shared.tables.form import fold, shown
from app.shared.tables.lists import read_list
from app.shared.tables.words import CellFault, Words

VALUE_READABLE: Final = "value_readable"
WORDS: Final = Words(
    {
        "terms_kind": {
            "lump_sum": "一次总付",
            "instalments": "分期支付",
            "royalty": "提成支付",
            "entry_fee_royalty": "入门费加提成",
            "milestones": "按里程碑支付",
            "use_first_pay_later": "先使用后付费",
            "share_investment": "作价入股",
        }
    }
)
_YUAN: Final = "元"
_TEXT_MAX: Final = 100_000  # how long a field may be, a rule says
_SIDES: Final = ("seller", "buyer")


@dataclass(frozen=True, slots=True)
class Read:
    """A record as it was read.

    Attributes:
        faults: Of values that could not be read.
        unused: Names that no field has.
    """

    record: ContractRecord
    faults: tuple[Finding, ...] = ()
    unused: tuple[str, ...] = ()

    def judged(self, *, today: date) -> Report:
        """Return what is wrong with it; of a value that cannot be read nothing else is said.

        Args:
            today: Day of filing, if the record tells none.

        Invariant: ST173.
        """
        record = self.record
        if record.filing_on is None:
            record = replace(record, filing_on=today)
        unread = {fault.field for fault in self.faults}
        found = (finding for finding in lint(record).findings if finding.field not in unread)
        return Report((*self.faults, *found))


def read_object(told: Mapping[str, Any]) -> Read:
    """Read a JSON object with the mapping's names, and ``pages`` by section."""
    pages, faults = _pages(told.get("pages"))
    fields = ((field, told[field.name], None) for field in mapping().fields if field.name in told)
    record, found = read_values(fields, pages)
    known = _places()
    # JSON may escape half a character, which nothing can print.
    unused = tuple(
        name.encode(errors="replace").decode()
        for name in told
        if name not in known and name != "pages"
    )
    return Read(record, (*faults, *found), unused)


def read_values(
    values: Iterator[tuple[FormField, Any, str | None]], pages: Mapping[str, int]
) -> tuple[ContractRecord, tuple[Finding, ...]]:
    """Build a record of raw values, each with its field and the unit that its header tells."""
    flat: dict[str, Any] = {}
    sides: dict[str, dict[str, Any]] = {name: {} for name in _SIDES}
    faults = []
    for field, raw, unit in values:
        try:
            value = read_value(field, raw, unit)
        except CellFault as fault:
            faults.append(unreadable(field, fault, pages))
            continue
        if value is not None:
            side, name = _places()[field.name]
            (sides[side] if side else flat)[name] = value
    record = ContractRecord(
        **flat, seller=Side(**sides["seller"]), buyer=Side(**sides["buyer"]), pages=pages
    )
    return record, tuple(faults)


@cache
def _places() -> Mapping[str, tuple[str, str]]:
    """Return of each field whose it is, nobody's for the contract's own, and its attribute."""
    parts = ((field.name, field.path.rpartition(".")) for field in mapping().fields)
    return {name: (side, attribute) for name, (side, _, attribute) in parts}


def unreadable(field: FormField, fault: CellFault, pages: Mapping[str, int]) -> Finding:
    """Return the finding of a value that cannot be read."""
    return Finding(
        rule=VALUE_READABLE,
        severity=Severity.ERROR,
        field=field.name,
        section=field.section,
        page=pages.get(field.section),
        source="登记表",
        message_zh=f"{field.label_zh}无法读取：{fault.message}",
        message_en=f"{field.label_en} cannot be read: {fault.rule}",
        mend_zh=fault.mend,
        mend_en=f"Write it as {_FORMS.get(field.kind, 'text')}",
    )


_FORMS: Final = {
    "money": "an amount in yuan, as 650000.00",
    "day": "a day, as 2026-11-26",
    "yes_no": "true or false",
    "count": "a whole number",
    "list": "a list of texts",
}


def read_value(field: FormField, raw: Any, unit: str | None = None) -> Any:
    """Return a field's value of what stands in a cell or in JSON; nothing if it is empty.

    Raises:
        CellFault: It cannot be read; says what would pass.
    """
    if isinstance(raw, str):
        raw = raw.strip()
    if raw is None or raw == [] or (isinstance(raw, str) and raw.casefold() in _NOTHING):
        return None
    if field.kind == "money":
        return _money(raw, unit or (_YUAN if field.unit else None))
    read: _Reader = _READERS.get(field.kind, _text)
    return read(field, raw)


# What people write into a cell that they leave empty.
_NOTHING: Final = frozenset({"", "/", "-", "—", "——", "无", "暂无", "不详", "待定", "n/a"})


def _text(_: FormField, raw: Any) -> str:
    if isinstance(raw, str):
        text = read_text(raw, _TEXT_MAX)
        # Numbers typed in full width are the same numbers.
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
        return plain if plain.isascii() else text
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    raise CellFault("text_expected", f"{shown(str(raw))}不是文字", "填写文字")


def _code(field: FormField, raw: Any) -> str:
    text = _text(field, raw)
    assert field.table is not None
    names = WORDS.vocabulary(field.table).names
    also = _ALSO.get(field.table, {}).get(fold(text))
    return also or names.get(text) or names.get(fold(text), text)


# As 民法典 846 and people call them; 一次总算 alone may also be paid in parts.
_ALSO: Final[Mapping[str, Mapping[str, str]]] = {
    "payment_mode": {
        "一次总付": "lump_sum",
        "一次付清": "lump_sum",
        "分期付款": "instalments",
        "入门费附加提成": "entry_fee_royalty",
    }
}


def _word(field: FormField, raw: Any) -> str:
    assert field.table is not None
    return WORDS.read(field.table, _text(field, raw), field.label_zh)


def _industry(field: FormField, raw: Any) -> str:
    text = _code(field, raw)
    return text.upper() if text[1:].isdigit() or len(text) == 1 else text


def _money(raw: Any, unit: str | None) -> Money:
    mend = "金额写作 650000.00，或带单位如 65万元"
    if isinstance(raw, Mapping):
        try:
            return Money.parse(str(raw.get("amount")), str(raw.get("currency")))
        except AmountInvalid:
            raise CellFault("money_malformed", "不是金额", mend) from None
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise CellFault("money_malformed", f"{shown(str(raw))}不是金额", mend)
    return read_money(str(raw), unit)


def _day(field: FormField, raw: Any) -> date:
    return read_date(_text(field, raw))


def _yes_no(field: FormField, raw: Any) -> bool:
    return raw if isinstance(raw, bool) else read_yes_no(_text(field, raw))


def _count(field: FormField, raw: Any) -> int:
    text = _PERSONS.sub("", fold(_text(field, raw)))
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise CellFault("number_expected", f"{shown(text)}不是人数", "填整数，如 30")
    return int(text)


_DIGITS_MAX: Final = 6
_PERSONS: Final = re.compile("(?:人次|人|名)$")


def _list(field: FormField, raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        return read_list(_text(field, raw), str)[0]
    return tuple(text for item in raw if (text := _text(field, item).strip()))


_Reader = Callable[[FormField, Any], Any]
_READERS: Final[Mapping[str, _Reader]] = {
    "code": _code,
    "word": _word,
    "industry": _industry,
    "day": _day,
    "yes_no": _yes_no,
    "count": _count,
    "list": _list,
}


def _pages(raw: Any) -> tuple[Mapping[str, int], Sequence[Finding]]:
    if raw is None:
        return {}, ()
    fits = isinstance(raw, Mapping) and all(
        name in set(Section) and type(page) is int and page > 0 for name, page in raw.items()
    )
    if fits:
        return dict(raw), ()
    fault = CellFault("pages_malformed", "页码不符", f"按条款填页码：{'、'.join(Section)}")
    field = replace(field_of("number"), name="pages", label_zh="页码", label_en="Pages")
    return {}, (unreadable(field, fault, {}),)
