"""Codes of industries: letters, divisions and what lies under them."""

import pytest

from app.shared import codes
from app.shared.industries import industry_known


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("manufacturing", True),
        ("C", True),
        ("C13", True),
        ("C43", True),
        ("C3512", True),
        ("C351", True),
        ("A01", True),
        ("T97", True),
        ("C12", False),
        ("C44", False),
        ("A00", False),
        ("T98", False),
        ("U01", False),
        ("c35", False),
        ("C35123", False),
        ("35", False),
        ("制造业", False),
        ("", False),
    ],
)
def test_a_code_lies_in_the_divisions_of_its_letter(text: str, known: bool) -> None:
    assert industry_known(text) is known


def test_every_letter_of_the_table_is_known() -> None:
    assert all(industry_known(entry.code or "") for entry in codes.table("industry").entries)
