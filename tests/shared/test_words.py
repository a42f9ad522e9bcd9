"""What texts are found by, and what queries ask for."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.shared.words import TERMS_MAX, Term, anchor_of, has_term, terms_of, tokens_of

TITLE = "高效钙钛矿太阳能电池界面钝化技术"
PIECES = [
    "钙钛矿",
    "太阳能",
    "电池",
    "的",
    "铜",
    "低成本",
    "制备",
    "之澜",
    "TiO2",
    "，",
    "机器视觉",
    "与",
    "氢",
]


def finds(query: str, text: str) -> bool:
    tokens = tokens_of(text)
    return all(has_term(tokens, term) for term in terms_of(query))


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("太阳能", TITLE, True),
        ("钙钛矿 界面", TITLE, True),
        ("界面，钙钛矿", TITLE, True),
        ("太阳能界面", TITLE, True),  # two words, wherever they stand
        ("光伏", TITLE, False),
        ("矿太", TITLE, True),  # no word, but two characters that follow each other
        ("之澜理工", "之澜理工大学", True),
        ("大学", "之澜理工大学", True),
        ("池", TITLE, True),
        ("术", TITLE, True),  # the last character
        ("铜", TITLE, False),
        ("ＴｉＯ２", "采用TiO₂电子传输层", True),
        ("tio2", "采用ＴｉＯ2电子传输层", True),
        ("98.6%", "一致率98.6%", True),
        ("98.6", "一致率98", False),
        ("ﾛﾎﾞｯﾄ", "ロボット手臂", True),
        ("Straße", "STRASSE", True),
    ],
)
def test_a_query_finds_the_texts_that_have_all_its_words(
    query: str, text: str, found: bool
) -> None:
    """LS50"""
    assert finds(query, text) is found


@pytest.mark.parametrize("query", ["", "  ", "，。！《》", "的", "、的 与"])
def test_marks_and_stop_words_alone_ask_for_nothing(query: str) -> None:
    """LS50"""
    assert terms_of(query) == ()


def test_unknown_words_fall_back_to_their_pairs() -> None:
    """LS50"""
    assert terms_of("锂硫钠铌") == (Term("锂硫钠铌", ("锂硫", "硫钠", "钠铌")),)
    assert terms_of("钙钛矿") == (Term("钙钛矿", ("钙钛矿",)),)
    assert terms_of("铜") == (Term("铜", ("铜",), begins=True),)


def test_a_term_is_asked_once_and_there_are_not_endlessly_many() -> None:
    assert [term.text for term in terms_of("电池 钙钛矿，电池")] == ["电池", "钙钛矿"]
    assert len(terms_of(" ".join(f"w{number}" for number in range(200)))) == TERMS_MAX


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join), st.data())
@example("低成本钙钛矿", None)
def test_a_known_word_finds_exactly_the_runs_that_contain_it(
    text: str, data: st.DataObject | None
) -> None:
    """LS50: however the text was cut."""
    tokens = tokens_of(text)
    for word in ("钙钛矿", "太阳能", "低成本"):
        if terms_of(word)[0].tokens == (word,):
            assert has_term(tokens, Term(word, (word,))) is (word in text)


@given(st.text(max_size=60))
def test_any_text_has_its_own_words(text: str) -> None:
    """LS50"""
    tokens = tokens_of(text)
    assert all(token and not set(token) & set("'\\ &|!:*()^+") for token in tokens)
    for term in terms_of(text):
        assert has_term(tokens, term), term


def test_the_anchor_is_a_token_that_every_match_has() -> None:
    """LS56"""
    assert anchor_of(terms_of("电池 钙钛矿")) == "钙钛矿"
    assert anchor_of(terms_of("铜")) is None
    assert anchor_of(()) is None
