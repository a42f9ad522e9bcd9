"""The sheets that tell what a file's demands found 匹配结果表, as rows of texts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.matching.domain.calibration import TextCalibration
from app.matching.domain.match import Contribution, Found, Match, Verdict
from app.matching.domain.weights import FACTORS, Weights
from app.matching.domain.wish_sheet import SheetRow
from app.shared.calendar import SHANGHAI
from app.shared.ids import PartyId

Rows = list[Sequence[str]]

_VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.STRONG: "高度匹配 / strong",
    Verdict.POSSIBLE: "可能匹配 / possible",
    Verdict.NONE: "无合适成果 / nothing suitable",
}
# What came nearest is shown where nothing suits, and is not told to suit.
_NEAREST: Final = "不匹配，仅供参考 / does not fit, came nearest"
_UNREAD: Final = "未读入 / not read"
_FACTORS: Final[Mapping[str, str]] = {
    "coverage": "用词覆盖 / shared terms",
    "semantic": "语义相近 / meaning",
    "field": "技术领域 / field",
    "readiness": "成熟度 / readiness",
    "price": "价格 / price",
    "mode": "合作方式 / mode",
    "ip": "知识产权 / ownership",
    "due": "完成时间 / time",
    "region": "地区 / region",
}
_WORDS_ALONE: Final = "未使用，仅比较用词 / none, words alone"
_SUM: Final = (
    "各因素“取值×权重=得分”之和；一方未说明的因素不计分，权重按比例分给其余因素。 / "
    "Sum of value × weight of all factors; what one side does not state weighs nothing."
)
_NOT_COUNTED: Final = "不计分 / not counted"


@dataclass(frozen=True, slots=True)
class RowFound:
    """A row of the file and what it found; ``None`` if it was not read."""

    asked: SheetRow
    found: Found | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetBasis:
    """What the sheets rest on.

    Attributes:
        market: Name of the exchange whose weights and day are used.
        calibration: Its version.
        models: Each embedding model that compared, ``None`` for words alone, with what its text
            scores mean; one alone unless the model was away for a while.
        unused: Headers of the file that were not used.
    """

    market: str
    at: datetime
    weights: Weights
    calibration: str
    models: Mapping[str | None, TextCalibration]
    unused: Sequence[str]


def write_sheets(
    rows: Sequence[RowFound], names: Mapping[PartyId, str], basis: SheetBasis
) -> list[tuple[str, Rows]]:
    """Return the sheets by name: what each demand found, every match, what it rests on.

    Args:
        names: Of the parties whose achievements were found.

    Invariants: MT99, MT100.
    """
    return [
        ("结论", [_CONCLUSIONS, *map(_conclusion, rows)]),
        ("匹配", [_MATCHES, *(line for row in rows for line in _matches(row, names))]),
        ("依据", _basis(basis)),
    ]


_CONCLUSIONS: Final = (
    "行号 / row",
    "编号 / number",
    "标题 / title",
    "结论 / verdict",
    "合适成果数 / fitting",
    "最高得分 / best score",
    "最接近的成果 / nearest",
    "说明 / notes",
)


def _conclusion(row: RowFound) -> Sequence[str]:
    asked, found = row.asked, row.found
    head = (str(asked.row), asked.number, asked.title)
    if found is None:
        told = "\n".join(f"{fault.cell}：{fault.message}；{fault.mend}" for fault in asked.faults)
        return (*head, _UNREAD, "", "", "", told)
    fitting = sum(match.verdict is not Verdict.NONE for match in found.matches)
    best = found.matches[0] if found.matches else None
    return (
        *head,
        _VERDICTS[found.verdict],
        str(fitting),
        "" if best is None else _figure(best.score),
        "" if best is None else best.title,
        "",
    )


_MATCHES: Final = (
    "需求行号 / row",
    "需求标题 / demand",
    "名次 / rank",
    "成果编号 / achievement id",
    "成果名称 / achievement",
    "权属单位 / owner",
    "得分 / score",
    "结论 / verdict",
    *_FACTORS.values(),
    "共有用词 / shared words",
    "差距 / gaps",
)


def _matches(row: RowFound, names: Mapping[PartyId, str]) -> Iterator[Sequence[str]]:
    for rank, match in enumerate(row.found.matches if row.found else (), start=1):
        yield (
            str(row.asked.row),
            row.asked.title,
            str(rank),
            str(match.entry_id),
            match.title,
            names[match.party_id],
            _figure(match.score),
            _NEAREST if match.verdict is Verdict.NONE else _VERDICTS[match.verdict],
            *_factors(match),
            "；".join(f"{term.text} {term.share:.0%}" for term in match.terms),
            "\n".join(f"{gap.text_zh} / {gap.text_en}" for gap in match.gaps),
        )


def _factors(match: Match) -> Iterator[str]:
    by_name = {item.name: item for item in match.contributions}
    return (_factor(by_name[name]) for name in _FACTORS)


def _factor(item: Contribution) -> str:
    sum_ = _NOT_COUNTED
    if item.value is not None:
        sum_ = f"{_figure(item.value)} × {_figure(item.weight)} = {_figure(item.points)}"
    return f"{sum_}\n{item.note_zh} / {item.note_en}"


def _figure(value: float) -> str:
    return f"{value:.4f}"


def _basis(told: SheetBasis) -> Rows:
    at = told.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S %z")
    rows: Rows = [
        ("项目 / item", "内容 / value"),
        ("交易所 / exchange", told.market),
        ("匹配时刻 / matched at", at),
        ("校准版本 / calibration", told.calibration),
    ]
    for model, text in told.models.items():
        rows += [
            ("语义模型 / embedding model", model or _WORDS_ALONE),
            ("可能匹配的文本得分 / possible from", _figure(text.possible)),
            ("高度匹配的文本得分 / strong from", _figure(text.strong)),
        ]
    rows += [
        ("权重版本 / weights", told.weights.version),
        ("文本权重 / weight of the text", _figure(told.weights.text)),
    ]
    rows += [(f"权重：{_FACTORS[name]}", _figure(told.weights.factors[name])) for name in FACTORS]
    rows += [
        ("得分 / score", _SUM),
        ("未使用的列 / unused columns", "、".join(told.unused) or "无 / none"),
    ]
    return rows
