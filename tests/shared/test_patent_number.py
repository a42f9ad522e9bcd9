"""Patent numbers: published examples, and exactly what the check character catches.

The sum is taken modulo 11. Every weight lies in 2..9, so it is not divisible by 11 and each change
of one digit changes the remainder. Neighbouring weights differ by 1, or by 7 where 9 is followed by
2, so each swap of unequal neighbours shows as well. Two or more other changes can cancel out.
"""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.shared.patent_number import (
    PatentNumberInvalid,
    patent_check_digit,
    validate_patent_number,
)

types = st.sampled_from("12389")
old_bodies = st.builds(
    "{:02d}{}{:05d}".format,
    st.integers(85, 99) | st.integers(0, 3),
    types,
    st.integers(0, 99_999),
)
new_bodies = st.builds(
    "{:04d}{}{:07d}".format, st.integers(2003, 2099), types, st.integers(0, 9_999_999)
)
numbers = (old_bodies | new_bodies).map(lambda body: f"{body}.{patent_check_digit(body)}")


def broken_rule(text: str) -> object:
    with pytest.raises(PatentNumberInvalid) as caught:
        validate_patent_number(text)
    return caught.value.fields["rule"]


@pytest.mark.parametrize("number", ["201710601862.3", "97101765.4", "95115608.X"])
def test_published_examples(number: str) -> None:
    assert validate_patent_number(number) == number


@pytest.mark.parametrize(
    "text",
    [
        "ZL201710601862.3",
        "zl 2017 1 0601862.3",
        "2017106018623",
        "\uff3a\uff2c 201710601862\uff0e3",
    ],
)
def test_spellings_of_one_number(text: str) -> None:
    assert validate_patent_number(text) == "201710601862.3"


def test_small_x_is_the_check_character_ten() -> None:
    assert validate_patent_number("zl95115608.x") == "95115608.X"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "form"),
        ("ZL", "form"),
        ("20171060186.3", "form"),
        ("201740601862.3", "form"),  # type digit 4
        ("201710601862..3", "form"),
        ("US201710601862.3", "form"),
        ("20171060186٢.3", "form"),
        ("84101765.4", "year"),
        ("04101765.4", "year"),
        ("200210601862.3", "year"),
        ("201710601862.4", "check_digit"),
        ("95115608.0", "check_digit"),
    ],
)
def test_broken_rule_is_named(text: str, rule: str) -> None:
    assert broken_rule(text) == rule


@given(numbers)
def test_valid_numbers_pass_unchanged_and_twice(number: str) -> None:
    assert validate_patent_number(number) == number
    assert validate_patent_number("ZL" + number.replace(".", "")) == number


@given(numbers, st.data())
def test_any_single_change_is_caught(number: str, data: st.DataObject) -> None:
    places = [index for index, mark in enumerate(number) if mark != "."]
    index = data.draw(st.sampled_from(places))
    choices = "0123456789X" if index == places[-1] else "0123456789"
    other = data.draw(st.sampled_from(choices))
    assume(other != number[index])
    assert broken_rule(number[:index] + other + number[index + 1 :])


@given(numbers, st.data())
def test_any_swap_of_unequal_neighbours_is_caught(number: str, data: st.DataObject) -> None:
    body, check = number.split(".")
    index = data.draw(st.integers(0, len(body) - 2))
    assume(body[index] != body[index + 1])
    swapped = body[:index] + body[index + 1] + body[index] + body[index + 2 :]
    assert broken_rule(f"{swapped}.{check}")


def test_two_changes_can_cancel_out() -> None:
    # +1 at weight 2 and +1 at weight 9 add 11: the check character cannot see it.
    assert patent_check_digit("85100000") == patent_check_digit("95100001")
