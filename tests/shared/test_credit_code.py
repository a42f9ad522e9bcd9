"""Unified social credit codes: published and made-up examples, and what the check digit catches.

Weights are powers of 3 modulo the prime 31 and every character stands for 0 to 30, so each change
of one character, and each swap of two unequal neighbours, gives another remainder.
"""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import uscc

from app.shared.credit_code import REGION_PREFIXES, CreditCodeInvalid, validate_credit_code

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PUBLISHED = "91110000600037341L"  # the example in the documentation of python-stdnum

bodies = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["11", "12", "51", "91", "92"]),
    st.sampled_from(sorted(REGION_PREFIXES)),
    st.integers(0, 9999).map("{:04d}".format),
    st.text(ALPHABET, min_size=9, max_size=9),
)
codes = bodies.map(lambda body: body + uscc.calc_check_digit(body))


def broken_rule(text: str) -> object:
    with pytest.raises(CreditCodeInvalid) as caught:
        validate_credit_code(text)
    return caught.value.fields["rule"]


@pytest.mark.parametrize(
    "text",
    [
        PUBLISHED,
        PUBLISHED.lower(),
        "9 1 110000 600037341L",
        " 91110000-600037341-L\n",
        "".join(chr(ord(mark) + 0xFEE0) for mark in PUBLISHED),  # full-width
    ],
)
def test_published_example_in_any_spelling(text: str) -> None:
    assert validate_credit_code(text) == PUBLISHED


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "length"),
        ("9111000060003734L", "length"),
        (PUBLISHED + "0", "length"),
        ("A1110000600037341L", "characters"),
        ("91110000600O37341L", "characters"),
        ("911100006000373٣1L", "characters"),
        ("911100006000373411", "check_digit"),
    ],
)
def test_broken_rule_is_named(text: str, rule: str) -> None:
    assert broken_rule(text) == rule


@pytest.mark.parametrize("prefix", ["00", "16", "20", "47", "99"])
def test_unknown_province_is_refused_although_the_check_digit_fits(prefix: str) -> None:
    body = f"91{prefix}000060003734" + "1"
    code = body + uscc.calc_check_digit(body)
    assert uscc.is_valid(code)
    assert broken_rule(code) == "region"


@given(codes)
def test_valid_codes_pass_unchanged(code: str) -> None:
    assert validate_credit_code(code) == code


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_change_is_caught(code: str, index: int, other: str) -> None:
    assume(code[index] != other)
    changed = code[:index] + other + code[index + 1 :]
    assert broken_rule(changed) in {"characters", "check_digit"}


@given(codes, st.integers(0, 16))
def test_any_swap_of_unequal_neighbours_is_caught(code: str, index: int) -> None:
    left, right = code[index], code[index + 1]
    assume(left != right)
    swapped = code[:index] + right + left + code[index + 2 :]
    assert broken_rule(swapped) in {"characters", "check_digit"}
