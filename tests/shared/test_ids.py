"""Ids: UUIDv7 of RFC 9562."""

import time
from uuid import RFC_4122, UUID

from app.shared.ids import new_id


def test_ids_are_version_7_and_of_the_standard_class() -> None:
    made = new_id()
    assert type(made) is UUID
    assert (made.version, made.variant) == (7, RFC_4122)


def test_first_48_bits_are_the_unix_time_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    stamp = new_id().int >> 80
    assert before <= stamp <= time.time_ns() // 1_000_000 + 1


def test_ids_of_one_process_are_distinct_and_rise() -> None:
    made = [new_id() for _ in range(5_000)]
    assert len(set(made)) == len(made)
    assert made == sorted(made)
