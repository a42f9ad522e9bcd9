"""Text that people send: it can be stored, shown, and written to XML."""

import pytest

from app.platform.schema import printable


@pytest.mark.parametrize("text", ["西湖\n之江\t", "\U0001f600", "\u200b\u202e", "𠮷"])
def test_text_that_can_be_shown_passes(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("text", ["a\x00", "a\x1b[31m", "\x7f", "\ufffe", "a\uffff", "\ud800"])
def test_text_that_neither_database_nor_xml_holds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"control|surrogate"):
        printable(text)
