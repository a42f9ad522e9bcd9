"""Targets and milestones of a row: lines of one cell, or numbered columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from app.demands.domain.content import Milestone, Target, TargetOperator
from app.demands.domain.importing import MILESTONE_PARTS, SLOTS, TARGET_PARTS
from app.demands.domain.importing_cells import Figures, read_figures, write_figures
from app.demands.domain.importing_words import WORDS
from app.shared.tables.cells import read_date, read_line, read_share, write_share
from app.shared.tables.form import shown
from app.shared.tables.lists import LINES, PARTS, quote, read_list, split, unquote
from app.shared.tables.rows import Reading
from app.shared.tables.words import CellFault

Place = tuple[str, int | None]  # a column, and which of its values


@dataclass(frozen=True, slots=True)
class Group:
    """How several things of one kind stand in a row.

    Attributes:
        name: The column that holds one a line; also the field of the content.
        prefix: What the numbered columns begin with.
        parts: Of one thing, as its columns are called.
        optional: Parts that may be left empty.
        build: Makes the thing of the parts' values.
    """

    name: str
    prefix: str
    parts: tuple[str, ...]
    optional: frozenset[str]
    build: Callable[[Mapping[str, Any]], Any]

    def column(self, slot: int, part: str) -> str:
        """Return the numbered column of a part."""
        return f"{self.prefix}_{slot}_{part}"


@dataclass(frozen=True, slots=True)
class Found:
    """The things that a row states, and where.

    Attributes:
        slots: The number of the columns of each; ``None`` if they are lines of one cell.
        lines: The line of each, if they are.
        whole: Whether all that was begun is here.
    """

    group: Group
    items: tuple[Any, ...]
    slots: tuple[int, ...] | None
    lines: tuple[int, ...]
    whole: bool

    def place(self, index: int | None, part: str) -> Place:
        """Return where a part of a thing stands; without an index, where all begin."""
        if self.slots is None:
            return self.group.name, None if index is None else self.lines[index]
        slot = self.slots[0 if index is None else index]
        known = part if part in self.group.parts else self.group.parts[0]
        return self.group.column(slot, known), None


def _target(values: Mapping[str, Any]) -> Target:
    low, high = values["value"]
    return Target(
        name=values["name"],
        operator=values["operator"],
        value=low,
        value_max=high if values["value_max"] is None else values["value_max"],
        unit=values["unit"] or "",
        test_method=values["test_method"],
    )


TARGETS: Final = Group(
    "targets",
    "target",
    tuple(part[0] for part in TARGET_PARTS),
    frozenset({"value_max", "unit"}),
    _target,
)
MILESTONES: Final = Group(
    "milestones",
    "milestone",
    tuple(part[0] for part in MILESTONE_PARTS),
    frozenset(),
    lambda values: Milestone(**values),
)


@cache
def _columns(group: Group) -> Mapping[int, Mapping[str, str]]:
    """Return the numbered columns of each slot's parts."""
    return {
        slot: {part: group.column(slot, part) for part in group.parts}
        for slot in range(1, SLOTS + 1)
    }


def take(reading: Reading, group: Group, bad: set[str]) -> Found:
    """Return what a row states of a group; notes what is missing or said twice.

    Args:
        bad: Columns that were not understood; the group's is added if anything of it was not.

    Invariant: DM102.
    """
    columns = _columns(group)
    used = [
        slot
        for slot, names in columns.items()
        if any(name in bad or reading.text(name) for name in names.values())
    ]
    in_lines = group.name in bad or bool(reading.text(group.name))
    label = reading.reader.form.by_name[group.name].label
    if in_lines and used:
        other = reading.reader.form.by_name[columns[used[0]][group.parts[0]]].label
        told = f"既在本格中填写，又在“{other}”等列中填写"
        reading.fault(group.name, "stated_twice", told, "两种写法只用一种")
        bad.add(group.name)
        return Found(group, (), None, (), whole=False)
    if in_lines:
        lines = tuple(reading.lines.get(group.name, ()))
        items = reading.values[group.name] if lines else ()
        return Found(group, items, None, lines, whole=group.name not in bad)
    if not used:
        first = columns[1][group.parts[0]]
        name = first if first in reading.header.places else group.name
        reading.fault(
            name, "required", f"至少填写一项{label}", f"逐列填写，或在“{label}”中每行一项"
        )
        bad.add(group.name)
        return Found(group, (), None, (), whole=False)
    items, slots = [], []
    for slot in used:
        if _is_whole(reading, group, columns[slot], bad):
            values = {part: reading.values[name] for part, name in columns[slot].items()}
            items.append(group.build(values))
            slots.append(slot)
        else:
            bad.add(group.name)
    return Found(group, tuple(items), tuple(slots or used), (), whole=group.name not in bad)


def _is_whole(reading: Reading, group: Group, names: Mapping[str, str], bad: set[str]) -> bool:
    whole = True
    for part, name in names.items():
        if name in bad:
            whole = False
        elif part not in group.optional and not reading.text(name):
            column = reading.reader.form.by_name[name]
            mend = f"填写{column.label}：{column.note}；不需要这一项的，把它的各列都清空"
            reading.fault(name, "required", f"{column.label}不能为空", mend)
            whole = False
    if whole and group is TARGETS and _ends_twice(reading, names):
        told = "数值一格已写了两端，上限又写了一次"
        reading.fault(names["value_max"], "stated_twice", told, "两种写法只用一种")
        return False
    return whole


def _ends_twice(reading: Reading, names: Mapping[str, str]) -> bool:
    ends = reading.values[names["value"]][1], reading.values[names["value_max"]]
    return None not in ends


def _parts(line: str, count: int, form: str) -> list[str]:
    parts = [piece for _, piece in split(line, PARTS)]
    if len(parts) != count:
        raise CellFault(
            "line_malformed", f"{shown(line)}有{len(parts)}段，应有{count}段", f"按“{form}”填写"
        )
    return parts


def _text(part: str, label: str) -> str:
    if not part:
        raise CellFault("required", f"{label}不能为空", f"填写{label}")
    return read_line(unquote(part))


def read_target(line: str) -> Target:
    """Return a target such as ``裂纹宽度|不大于|0.5|μm|标准缺陷件50只``.

    Raises:
        CellFault: line_malformed, required, or of one of its parts.
    """
    parts = _parts(line, 5, "名称|运算|数值|单位|测试方法")
    figures: Figures = read_figures(parts[2])
    return Target(
        name=_text(parts[0], "名称"),
        operator=TargetOperator(WORDS.read("operator", unquote(parts[1]), "运算")),
        value=figures[0],
        value_max=figures[1],
        unit=read_line(unquote(parts[3])),
        test_method=_text(parts[4], "测试方法"),
    )


def read_milestone(line: str) -> Milestone:
    """Return a milestone such as ``样机|2027-06-30|样机两台|通过试验|40%``.

    Raises:
        CellFault: line_malformed, required, or of one of its parts.
    """
    parts = _parts(line, 5, "名称|完成日期|交付物|考核指标|付款比例")
    return Milestone(
        title=_text(parts[0], "名称"),
        due_on=read_date(parts[1]),
        deliverable=_text(parts[2], "交付物"),
        metric=_text(parts[3], "考核指标"),
        share_bp=read_share(parts[4]),
    )


def read_targets(text: str) -> tuple[tuple[Target, ...], list[int], list[CellFault]]:
    """Return targets, one a line."""
    return read_list(text, read_target, LINES)


def read_milestones(text: str) -> tuple[tuple[Milestone, ...], list[int], list[CellFault]]:
    """Return milestones, one a line."""
    return read_list(text, read_milestone, LINES)


def write_target(target: Target) -> tuple[str, ...]:
    """Return the texts of a target's numbered columns."""
    return (
        target.name,
        WORDS.write("operator", target.operator),
        f"{target.value:f}",
        "" if target.value_max is None else f"{target.value_max:f}",
        target.unit,
        target.test_method,
    )


def write_milestone(milestone: Milestone) -> tuple[str, ...]:
    """Return the texts of a milestone's numbered columns."""
    return (
        milestone.title,
        milestone.due_on.isoformat(),
        milestone.deliverable,
        milestone.metric,
        write_share(milestone.share_bp),
    )


def write_target_line(target: Target) -> str:
    """Return a target as a line."""
    name, operator, _, _, unit, test = write_target(target)
    figures = write_figures((target.value, target.value_max))
    return "|".join((quote(name, PARTS), operator, figures, quote(unit, PARTS), quote(test, PARTS)))


def write_milestone_line(milestone: Milestone) -> str:
    """Return a milestone as a line."""
    title, due_on, deliverable, metric, share = write_milestone(milestone)
    texts = (quote(title, PARTS), due_on, quote(deliverable, PARTS), quote(metric, PARTS), share)
    return "|".join(texts)
