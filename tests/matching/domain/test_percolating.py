"""Which saved queries an entry may fit, by their anchors."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.matching.domain.calibration import LEXICAL, shipped
from app.matching.domain.percolating import anchors_of, coverage_of
from app.matching.domain.terms import Terms, choose_terms
from app.shared.words import grams_of
from tests.matching.naive_index import NaiveIndex

GRAMS = st.text("甲乙丙丁戊己庚辛壬癸", min_size=2, max_size=2)


def ids(number: int) -> UUID:
    return UUID(int=number + 1)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    query = draw(st.lists(GRAMS, min_size=1, max_size=30))
    size = draw(st.integers(1, 100_000))
    frequencies = {gram: draw(st.integers(0, size)) for gram in query}
    return choose_terms(query, frequencies, size)


@given(terms(), st.lists(GRAMS, max_size=60))
def test_an_entry_without_an_anchor_covers_too_little_to_be_told(
    asked: Terms, entry: list[str]
) -> None:
    """MT62"""
    anchors = set(anchors_of(asked))
    assert anchors
    if coverage_of(asked, entry) >= shipped().of(LEXICAL).possible / 2:
        assert not anchors.isdisjoint(entry)


def test_what_stands_nearly_everywhere_is_no_anchor() -> None:
    """MT62"""
    query = grams_of("电解水制氢催化剂的研究")
    known = dict.fromkeys(query, 3) | {"研究": 9_000, "的研": 9_000}
    anchors = anchors_of(choose_terms(query, known, 10_000))
    assert set(query) - set(anchors) == {"研究", "的研"}


def test_an_entry_of_average_length_is_covered_as_the_index_says() -> None:
    texts = ["深孔镗削刀杆的颤振抑制", "电解水制氢的催化电极", "稻米重金属镉快速检测法"]
    index = NaiveIndex()
    for number, text in enumerate(texts):
        index.put(ids(number), grams_of(text))
    assert len({len(grams_of(text)) for text in texts}) == 1
    query = grams_of("抑制镗刀杆颤振")
    asked = choose_terms(query, index.document_frequencies(set(query)), index.size)
    [best] = index.search(asked.weights, limit=1)
    assert best.id == ids(0)
    assert abs(coverage_of(asked, grams_of(texts[0])) - best.score / asked.ceiling) < 1e-9
