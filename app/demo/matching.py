"""The demo's match: what is on offer for a demand of the board, and why."""

from typing import Any, Final

from app.demo.api import Api, Who
from app.demo.market import records
from app.demo.show import Show

DEMAND: Final = "flexspline_supply"  # what fits it is in no lot, so every run finds it
_VERDICTS: Final = {"strong": "高度匹配", "possible": "可能匹配", "none": "没有合适的，最接近"}
_REASONS: Final = 3


async def show_match(api: Api, show: Show, operator: Who) -> dict[str, Any]:
    """Show the best match of one demand with its reasons; return it.

    Raises:
        CallRefused: There is no matching index: ``zhepai index`` does not run.
    """
    show.doing("匹配 matching")
    title = next(record["title"] for record in records("demands") if record["key"] == DEMAND)
    board = (await api.get(operator, "/v1/demands?limit=200"))["items"]
    demand_id = next(demand["id"] for demand in board if demand["title"] == title)
    found = await api.get(operator, f"/v1/demands/{demand_id}/matches")
    best: dict[str, Any] = found["matches"][0]
    told = sorted(best["contributions"], key=lambda item: -item["points"])
    notes = [item["note_zh"] for item in told if item["name"] not in {"coverage", "semantic"}]
    words = "、".join(term["text"] for term in best["terms"][:5])
    gaps = "".join(f"；差距：{gap['text_zh']}" for gap in best["gaps"])
    show.done(
        f"匹配 matched: 《{title}》→《{best['title']}》，{_VERDICTS[best['verdict']]}，"
        f"综合得分 score {best['score'] * 100:.1f}"
    )
    show.done(f"理由 because: 共有用词 {words}；{'；'.join(notes[:_REASONS])}{gaps}")
    return best
