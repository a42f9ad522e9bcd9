"""The likeliest cut of a text, against all cuts."""

from array import array
from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from app.matching.embedding.e5_pieces import Cutter
from app.matching.embedding.e5_weights import Vocabulary

SPECIAL = ["<s>", "</s>", "<unk>"]
SPELLABLE = st.text("▁高铁轴", min_size=1, max_size=4)


@st.composite
def vocabularies(draw: st.DrawFn) -> Vocabulary:
    pieces = draw(st.lists(SPELLABLE, unique=True, min_size=1, max_size=12))
    scores = draw(
        st.lists(st.integers(-40, -1), min_size=len(pieces), max_size=len(pieces), unique=True)
    )
    return Vocabulary(
        [*SPECIAL, *pieces], array("f", [0, 0, 0, *scores]), {ord("Ａ"): "高铁"}, 0, 1, 2
    )


def score_of(vocabulary: Vocabulary, ids: list[int]) -> float:
    unknown = min(vocabulary.scores) - 10
    return sum(unknown if n == vocabulary.unknown else vocabulary.scores[n] for n in ids)


def all_cuts(vocabulary: Vocabulary, text: str) -> list[list[int]]:
    """Every cut into pieces and unknown characters."""
    numbers = {piece: n for n, piece in enumerate(vocabulary.pieces)}
    cuts = []
    for is_end in product([False, True], repeat=len(text) - 1):
        ends = [0, *(n for n, end in enumerate(is_end, 1) if end), len(text)]
        parts = [text[a:b] for a, b in pairwise(ends)]
        if all(part in numbers or len(part) == 1 for part in parts):
            cuts.append([numbers.get(part, vocabulary.unknown) for part in parts])
    return cuts


@given(vocabulary=vocabularies(), given_text=st.text("高铁轴承 ", max_size=7))
def test_cut_is_the_best_of_all(vocabulary: Vocabulary, given_text: str) -> None:
    text = given_text
    while "  " in text:
        text = text.replace("  ", " ")
    marked = (text if text.startswith(" ") else f" {text}").replace(" ", "▁")
    found = Cutter(vocabulary).ids(given_text)
    cuts = all_cuts(vocabulary, marked)
    assert found in cuts
    assert score_of(vocabulary, found) == max(score_of(vocabulary, cut) for cut in cuts)


def test_characters_are_normalised_and_unknown_ones_named() -> None:
    vocabulary = Vocabulary(
        [*SPECIAL, "▁高铁", "轴"], array("f", [0, 0, 0, -1, -2]), {ord("Ａ"): "高铁"}, 0, 1, 2
    )
    assert Cutter(vocabulary).ids("Ａ轴承") == [3, 4, 2]
    assert Cutter(vocabulary).ids("<s>") != [0]
