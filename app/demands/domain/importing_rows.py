"""A row of an import and the demand that it states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.demands.domain.checking import check_content
from app.demands.domain.content import (
    Acceptance,
    Answerer,
    Budget,
    BudgetKind,
    Confidentiality,
    DemandContent,
    TargetOperator,
)
from app.demands.domain.demand import DemandInvalid
from app.demands.domain.gate import DemandGateReport
from app.demands.domain.importing import FORM, ITEMS_MAX, SLOTS
from app.demands.domain.importing_cells import read_amount, read_figures, read_number, read_unit
from app.demands.domain.importing_groups import (
    MILESTONES,
    TARGETS,
    Found,
    Place,
    read_milestones,
    read_targets,
    take,
)
from app.demands.domain.importing_texts import tell
from app.demands.domain.importing_words import WORDS
from app.demands.domain.importing_writing import EXAMPLE
from app.shared.tables.cells import read_date, read_share
from app.shared.tables.form import Column, Fault, Header, RawRow, fold
from app.shared.tables.lists import read_list
from app.shared.tables.rows import Read, Reading, RowReader, keep_list, keep_yes_no
from app.shared.tables.words import CellFault

_EVERYBODY: Final = fold("不限")
_OPERATORS: Final = {f"target_{slot}_operator": TargetOperator for slot in range(1, SLOTS + 1)}
# What stands for a cell that was not understood or left empty; faults about it are not told.
_EMPTY: Final[Mapping[str, Any]] = {column.name: None for column in FORM.columns} | {
    "external_number": "",
    "title": "-",
    "technology_field": "agriculture",
    "background": "-",
    "confidentiality": Confidentiality.PUBLIC,
    "targets": (),
    "due_on": date.max,
    "budget_kind": BudgetKind.OPEN,
    "cooperation_mode": "technical_service",
    "ip_ownership": "joint_ownership",
    "failure_risk_rule": "solver_bears",
    "who_may_answer": (Answerer.PERSON,),
    "milestones": (),
    "acceptance": Acceptance.POSTER,
    "lump_sum": False,
}
# A fault of a field is not told where one of these columns was not understood.
_MONEY: Final = frozenset({"budget_kind", "budget_low", "budget_high", "budget_unit"})
_DOUBTS: Final[Mapping[str, frozenset[str]]] = {
    "due_on": frozenset({"due_on"}),
    "budget": _MONEY,
    "poster_risk_bp": frozenset({"poster_risk_bp", "failure_risk_rule"}),
    "third_party": frozenset({"third_party", "acceptance"}),
    "restricted_text": frozenset({"restricted_text", "confidentiality"}),
}


def _keep_number(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_number(text)
    return True


def _keep_date(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_date(text)
    return True


def _keep_share(reading: Reading, column: Column, text: str) -> bool:
    # The poster may bear nothing of a loss; a milestone that pays nothing is none.
    reading.values[column.name] = read_share(text, 0 if column.name == "poster_risk_bp" else 1)
    return True


def _keep_value(reading: Reading, column: Column, text: str) -> bool:
    figures = read_figures(text)
    if column.name.endswith("_max"):
        if figures[1] is not None:
            raise CellFault("figure_malformed", "上限只有一个数", "只填上限")
        reading.values[column.name] = figures[0]
    else:
        reading.values[column.name] = figures
    return True


def _keep_unit(reading: Reading, column: Column, text: str) -> bool:
    unit = read_unit(text)
    said = {reading.header.units.get(name, unit) for name in ("budget_low", "budget_high")}
    if said != {unit}:
        raise CellFault(
            "budget_unit_differs", f"表头中的单位与“{unit}”不一致", "单位只在表头或本列填写"
        )
    reading.values[column.name] = unit
    return True


def _keep_amount(reading: Reading, column: Column, text: str) -> bool:
    unit = reading.header.units.get(column.name)
    said = reading.text("budget_unit")
    if said:
        try:
            unit = read_unit(said)
        except CellFault:
            unit = None if not text[-1:].isdigit() else "元"  # told where it stands
    reading.values[column.name] = read_amount(text, unit)
    return True


def _read_answerers(text: str) -> tuple[tuple[Answerer, ...], list[int], list[CellFault]]:
    if fold(text) == _EVERYBODY:
        return tuple(Answerer), [1] * len(Answerer), []
    return read_list(text, lambda piece: Answerer(WORDS.read("answerer", piece, "揭榜方范围")))


def _slot_reads() -> dict[str, Read]:
    reads: dict[str, Read] = {}
    for slot in range(1, SLOTS + 1):
        reads[f"target_{slot}_value"] = reads[f"target_{slot}_value_max"] = _keep_value
        reads[f"milestone_{slot}_due_on"] = _keep_date
        reads[f"milestone_{slot}_share_bp"] = _keep_share
    return reads


_READER: Final = RowReader(
    FORM,
    WORDS,
    enums={
        "confidentiality": Confidentiality,
        "budget_kind": BudgetKind,
        "acceptance": Acceptance,
        **_OPERATORS,
    },
    empty=_EMPTY,
    short=frozenset(
        {"title", "third_party"}
        | {
            f"{prefix}_{slot}_{part}"
            for slot in range(1, SLOTS + 1)
            for prefix, part in (
                ("target", "name"),
                ("target", "unit"),
                ("target", "test_method"),
                ("milestone", "title"),
                ("milestone", "deliverable"),
                ("milestone", "metric"),
            )
        }
    ),
    reads={
        "external_number": _keep_number,
        "targets": keep_list(read_targets, ITEMS_MAX),
        "due_on": _keep_date,
        "budget_low": _keep_amount,
        "budget_high": _keep_amount,
        "budget_unit": _keep_unit,
        "poster_risk_bp": _keep_share,
        "who_may_answer": keep_list(_read_answerers, len(Answerer)),
        "milestones": keep_list(read_milestones, ITEMS_MAX),
        "lump_sum": keep_yes_no,
        **_slot_reads(),
    },
    anchor="external_number",
)


@dataclass(frozen=True, slots=True)
class DemandRowRead:
    """What a row states.

    Attributes:
        number: The poster's own; empty if it was not understood.
        content: ``None`` if there is any fault.
        faults: In the order of the cells.
    """

    number: str
    content: DemandContent | None
    faults: tuple[Fault, ...]
    groups: tuple[Found, Found]


def read_row(header: Header, row: RawRow, *, today: date, first: int) -> DemandRowRead:
    """Return the demand that a row states, or all its faults.

    Args:
        today: In Shanghai.
        first: The first row of the file with this row's number of the poster's own.

    Invariant: DM102. Cost: one pass over the cells.
    """
    reading, bad = _READER.read(header, row)
    groups = take(reading, TARGETS, bad), take(reading, MILESTONES, bad)
    values = reading.values
    content = _content(values, *groups)
    number = values["external_number"]
    if content == EXAMPLE:
        reading.fault("title", "example_row", "这是模板中的示例行，未导入", "删除示例行")
        return DemandRowRead(number, None, reading.told(), groups)
    for error in _errors(content, today):
        name, line = _place(error["field"], groups, reading)
        if not _doubts(error["field"]).isdisjoint(bad):
            continue
        message, mend = tell(error, content)
        reading.fault(name, error["rule"], message, mend, line)
    if number and first != row.number:
        told = f"编号与第{first}行相同"
        reading.fault("external_number", "number_repeated", told, "一个编号只用一行")
    whole = None if reading.faults else content
    return DemandRowRead(number, whole, reading.told(), groups)


def number_of(header: Header, row: RawRow) -> str:
    """Return what stands as the poster's own number in a row."""
    place = header.places.get("external_number", -1)
    return row.cells[place] if 0 <= place < len(row.cells) else ""


def row_fault(header: Header, row: RawRow, rule: str, message: str, mend: str) -> Fault:
    """Return a fault of a row as a whole; it is told at the poster's own number."""
    reading = _READER.begin(header, row)
    reading.fault("external_number", rule, message, mend)
    return reading.faults[0]


def hints(
    header: Header, row: RawRow, read: DemandRowRead, report: DemandGateReport
) -> tuple[Fault, ...]:
    """Return what the quality gate would mend; nothing of it keeps a row out.

    Invariant: DM104.
    """
    reading = _READER.begin(header, row)
    for item in report.items:
        for path in item.places:
            name, line = _place(path, read.groups, reading)
            told = item.rule
            reading.fault(name, told.name, told.message_zh, told.mend_zh, line)
    return reading.told()


def _errors(content: DemandContent, today: date) -> list[dict[str, Any]]:
    try:
        check_content(content, today=today)
    except DemandInvalid as refused:
        errors: list[dict[str, Any]] = refused.fields["errors"]  # type: ignore[assignment]
        return errors
    return []


def _doubts(path: str) -> frozenset[str]:
    name, _, rest = path.partition(".")
    if name == "milestones":
        return frozenset({"due_on"} if rest else {"milestones"})
    return _DOUBTS.get(name, frozenset())


def _place(path: str, groups: tuple[Found, Found], reading: Reading) -> Place:
    """Return the column of a content's field, and which value of its cell is meant."""
    name, _, rest = path.partition(".")
    for found in groups:
        if name == found.group.name:
            index, _, part = rest.partition(".")
            return found.place(int(index) if index else None, part or "share_bp")
    if name == "budget":
        return f"budget_{rest or 'kind'}", None
    if rest:  # one of those who may answer
        return name, reading.lines[name][int(rest)]
    return name, None


def _content(values: Mapping[str, Any], targets: Found, milestones: Found) -> DemandContent:
    low, high = values["budget_low"], values["budget_high"]
    if values["budget_kind"] is BudgetKind.FIXED:
        low, high = low or high, high or low
    return DemandContent(
        title=values["title"],
        technology_field=values["technology_field"],
        background=values["background"],
        targets=targets.items,
        due_on=values["due_on"],
        budget=Budget(kind=values["budget_kind"], low=low, high=high),
        cooperation_mode=values["cooperation_mode"],
        ip_ownership=values["ip_ownership"],
        failure_risk_rule=values["failure_risk_rule"],
        who_may_answer=values["who_may_answer"],
        confidentiality=values["confidentiality"],
        milestones=milestones.items,
        restricted_text=values["restricted_text"],
        poster_risk_bp=values["poster_risk_bp"],
        acceptance=values["acceptance"],
        third_party=values["third_party"],
        lump_sum=values["lump_sum"],
    )
