"""A match's reasons in one sentence, for notices and printed plans."""

from collections.abc import Mapping
from typing import Any, Final

from app.matching.domain.match import Verdict

# What a party may wish beyond its record, and nobody else is told; see `domain.wishes`.
_WISHED: Final = frozenset({"readiness", "region"})
_SHOWN_MAX: Final = 5
_BP: Final = 10_000
_VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    Verdict.STRONG: ("高度匹配", "strong"),
    Verdict.POSSIBLE: ("可能匹配", "possible"),
    Verdict.NONE: ("匹配度低", "none"),
}


def basis_points(share: float) -> int:
    """Return a share of one in basis points."""
    return round(share * _BP)


def told_reasons(match: Mapping[str, Any]) -> tuple[str, str]:
    """Return why a stored match fits and where it does not, in Chinese and in English.

    Args:
        match: See `domain.storing`.

    Invariant: MT74.
    """
    zh, en = _VERDICTS[match["verdict"]]
    score = f"{basis_points(match['score']) / 100:.1f}"
    parts_zh, parts_en = [f"{zh}（综合得分 {score}）"], [f"{en} (score {score})"]
    if words := [term["text"] for term in match["terms"][:_SHOWN_MAX]]:
        parts_zh.append(f"共有用词：{'、'.join(words)}")
        parts_en.append(f"shared words: {', '.join(words)}")
    apart = {gap["factor"] for gap in match["gaps"]}
    fits = [
        item
        for item in match["contributions"]
        if item["name"] not in {"coverage", "semantic"} | apart and item["points"] > 0
    ]
    fits.sort(key=lambda item: -item["points"])
    if fits := fits[:_SHOWN_MAX]:
        parts_zh.append(f"相符：{'；'.join(item['note_zh'] for item in fits)}")
        parts_en.append(f"fits: {'; '.join(item['note_en'] for item in fits)}")
    if match["gaps"]:
        parts_zh.append(f"差距：{'；'.join(gap['text_zh'] for gap in match['gaps'])}")
        parts_en.append(f"gaps: {'; '.join(gap['text_en'] for gap in match['gaps'])}")
    return "。".join(parts_zh) + "。", ". ".join(parts_en) + "."


def without_wishes(match: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored match as the side that was found may read it.

    Left out are the factors in which the finder's own wishes may lie; the score stays.

    Invariant: MT75.
    """
    shown = [item for item in match["contributions"] if item["name"] not in _WISHED]
    gaps = [gap for gap in match["gaps"] if gap["factor"] not in _WISHED]
    return {**match, "contributions": shown, "gaps": gaps}
