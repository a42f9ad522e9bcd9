"""The report of an evaluation: what is signed, and its chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from app.shared.calendar import SHANGHAI
from app.shared.jsonable import jsonable
from app.shared.panels import Departure, Seat, sits
from app.valuations.domain.conclusion import Explanation
from app.valuations.domain.evaluation import Evaluation
from app.valuations.domain.scheme import VALUES_ZH, Scheme
from app.valuations.domain.scoring import (
    Sheets,
    apportion,
    find_outliers,
    measure,
    shown,
    weigh,
)

TYPE: Final = "zhepai.evaluation_report"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What the chair concludes.

    Attributes:
        level: Code of one of the scheme's levels.
        text: The panel's opinion.
    """

    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who is named in a report beside the panel."""

    exchange: str
    owner: str


def report_content(
    evaluation: Evaluation,
    seats: tuple[Seat, ...],
    sheets: Sheets,
    explanations: Sequence[Explanation],
    conclusion: Conclusion,
    names: Names,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Return what is signed, in its `jsonable` form.

    Single scores are not told, only how they lie; the digests commit to them.

    Args:
        sheets: By seat number; all that were handed in.

    Invariant: EV11.
    """
    subject, scheme = evaluation.subject, evaluation.scheme
    content = {
        "type": TYPE,
        "format": FORMAT,
        "evaluation_id": evaluation.id,
        "market_id": evaluation.market_id,
        "exchange": names.exchange,
        "subject": {
            "achievement_id": subject.achievement_id,
            "title": subject.title,
            "kind": subject.kind,
            "content_version": subject.content_version,
            "content_hash": subject.content_hash,
            "owner_id": evaluation.owner_id,
            "owner": names.owner,
            "completers": subject.completers,
        },
        "purpose": evaluation.purpose,
        "scheme": {
            "code": scheme.code,
            "version": scheme.version,
            "title": scheme.title_zh,
            "source": scheme.source,
            "confirmed": scheme.confirmed,
            "content_hash": scheme.content_hash,
        },
        "panel": [_seat(seat) for seat in sits(seats)],
        "recusals": [
            {"name": seat.name, "unit": seat.unit_name, "reason": seat.reason}
            for seat in seats
            if seat.departure is Departure.RECUSED
        ],
        "result": _result(scheme, sheets, conclusion),
        "outliers": _outliers(scheme, sheets, explanations),
        "conclusion": conclusion.text,
        "opened_at": evaluation.opened_at,
        "scores_opened_at": evaluation.scores_opened_at,
        "concluded_at": now,
    }
    told: dict[str, Any] = jsonable(content)
    return told


def _seat(seat: Seat) -> dict[str, Any]:
    return {
        "seat": seat.number,
        "name": seat.name,
        "unit": seat.unit_name,
        "chair": seat.chair,
        "declared_at": seat.declared_at,
        "handed_in_at": seat.handed_in_at,
        "digest": seat.digest,
    }


def _result(scheme: Scheme, sheets: Sheets, conclusion: Conclusion) -> dict[str, Any]:
    total = weigh(scheme, sheets)
    contributions = apportion(total.contributions)
    dispersion = {item.indicator: item for item in measure(scheme, sheets)}
    labels = {level.code: level.label_zh for level in scheme.levels}
    by_score = scheme.level_of(total.total)
    return {
        "experts": len(sheets),
        "total": shown(total.total),
        "scale_max": scheme.scale_max,
        "level": conclusion.level,
        "level_label": labels[conclusion.level],
        "level_by_score": by_score.code,
        "level_by_score_label": by_score.label_zh,
        "values": [
            {
                "value": part.value,
                "label": VALUES_ZH[part.value],
                "weight_bp": part.weight_bp,
                "score": shown(total.by_value[part.value]),
                "indicators": [
                    {
                        "code": item.code,
                        "label": item.label_zh,
                        "weight_bp": item.weight_bp,
                        "source": item.source,
                        "contribution": contributions[item.code],
                        "dispersion": dispersion[item.code],
                    }
                    for item in part.indicators
                ],
            }
            for part in scheme.values
        ],
    }


def _outliers(
    scheme: Scheme, sheets: Sheets, explanations: Sequence[Explanation]
) -> list[dict[str, Any]]:
    told = {(item.seat, item.indicator): item for item in explanations}
    found = []
    for item in find_outliers(scheme, sheets):
        explanation = told[item.seat, item.indicator]
        found.append(
            {
                "indicator": item.indicator,
                "label": scheme.indicators[item.indicator].label_zh,
                "points": item.points,
                "median": item.median,
                "limit": item.limit,
                "explanation": explanation.text,
                "by_expert": explanation.by_expert,
            }
        )
    return found


def printed(told: Any) -> Any:
    """Return content for print: members that end in ``_at`` as Beijing time to the minute."""
    if isinstance(told, Mapping):
        return {
            name: _clock(item) if name.endswith("_at") and item is not None else printed(item)
            for name, item in told.items()
        }
    return [printed(item) for item in told] if isinstance(told, list) else told


def _clock(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


_ROW, _LEFT, _WIDTH = 30, 110, 400  # heights and widths of the chart, in its own units


def chart(result: Mapping[str, Any]) -> str:
    """Return a bar for each value as SVG text: its score, and where its indicators' means lie.

    Args:
        result: The member ``result`` of a report's content.
    """
    values = result["values"]
    height = _ROW * len(values) + 28
    marks = [
        f'<line x1="{_LEFT + _WIDTH * step // 4}" y1="4" x2="{_LEFT + _WIDTH * step // 4}"'
        f' y2="{height - 22}" stroke="#c9d2dc"/>'
        f'<text x="{_LEFT + _WIDTH * step // 4}" y="{height - 6}" text-anchor="middle"'
        f' fill="#6b7785">{int(result["scale_max"]) * step // 4}</text>'
        for step in range(5)
    ]
    for index, value in enumerate(values):
        top = 8 + _ROW * index
        width = _place(value["score"], result["scale_max"])
        marks.append(
            f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">'
            f"{escape(value['label'])}</text>"
            f'<rect x="{_LEFT}" y="{top}" width="{width}" height="18" fill="#3f7cac"/>'
            f'<text x="{_LEFT + _WIDTH + 8}" y="{top + 14}">{escape(value["score"])}</text>'
        )
        marks += [
            f'<circle cx="{_LEFT + _place(item["dispersion"]["mean"], result["scale_max"])}"'
            f' cy="{top + 9}" r="3" fill="#ffffff" stroke="#1d2a3a"/>'
            for item in value["indicators"]
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 60} {height}"'
        f' font-family="Noto Sans SC" font-size="12">{"".join(marks)}</svg>'
    )


def _place(points: str, maximum: int) -> int:
    whole, _, fraction = points.partition(".")
    return _WIDTH * int(whole + fraction.ljust(2, "0")) // (100 * maximum)
