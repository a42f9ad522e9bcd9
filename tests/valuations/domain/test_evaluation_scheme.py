"""Schemes: consistent data, in versions."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.shared import codes
from app.shared.jsonable import jsonable
from app.valuations.domain.scheme import (
    SchemeDoesNotFit,
    SchemeInvalid,
    SchemeUnknown,
    Value,
    find_scheme,
    load_schemes,
    scheme_for,
    scheme_from_json,
    schemes,
)

APPLIED = find_scheme("five-values-applied")


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    told: dict[str, Any] = json.loads(json.dumps(jsonable(APPLIED)))
    change(told)
    return json.dumps(told)


def test_every_kind_of_result_has_a_scheme_and_every_value_is_used_somewhere() -> None:
    """EV1"""
    kinds = codes.table("achievement_kind").names
    assert {scheme_for(kind, code=None).kind for kind in kinds} == set(kinds)
    used = {part.value for versions in schemes().values() for part in versions[-1].values}
    assert used == set(Value)


def test_shares_of_all_indicators_sum_to_the_whole() -> None:
    """EV1"""
    for versions in schemes().values():
        for scheme in versions:
            assert sum(map(scheme.share, scheme.indicators)) == 1
            assert not scheme.confirmed
            assert {item.source for item in scheme.indicators.values()} == {"default"}


def test_a_frozen_scheme_reads_back_the_same() -> None:
    """EV1"""
    again = scheme_from_json(json.loads(json.dumps(jsonable(APPLIED))))
    assert again == APPLIED
    assert again.content_hash == APPLIED.content_hash


FAULTS: list[Callable[[dict[str, Any]], object]] = [
    lambda told: told["values"][0].update(weight_bp=1999),
    lambda told: told["values"][0]["indicators"][0].update(weight_bp=1),
    lambda told: told["values"][1]["indicators"][0].update(code="originality"),
    lambda told: told["values"][1].update(value="scientific"),
    lambda told: told.update(kind="unheard_of"),
    lambda told: told.update(version=0),
    lambda told: told.update(scale_max=0),
    lambda told: told.update(experts_min=4),
    lambda told: told.update(quorum=2),
    lambda told: told.update(explain_days=0),
    lambda told: told["outliers"].update(mads=0),
    lambda told: told["outliers"].update(floor=31),
    lambda told: told["levels"].pop(),
    lambda told: told["levels"].reverse(),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_scheme_that_contradicts_itself_is_not_served(
    fault: Callable[[dict[str, Any]], object],
) -> None:
    """EV1"""
    with pytest.raises(SchemeInvalid, match=r"five-values-applied [01]: "):
        load_schemes([changed(fault)])


def test_the_latest_version_is_used_and_earlier_ones_stay() -> None:
    """EV1"""
    second = changed(lambda told: told.update(version=2))
    first = changed(lambda told: None)
    assert [scheme.version for scheme in load_schemes([second, first])[APPLIED.code]] == [1, 2]
    with pytest.raises(SchemeInvalid, match="twice"):
        load_schemes([first, first])


def test_an_unknown_or_unfitting_scheme_is_refused_with_those_that_fit() -> None:
    """EV1"""
    assert find_scheme(APPLIED.code, version=1) is APPLIED
    for code, version in (("none", None), (APPLIED.code, 9)):
        with pytest.raises(SchemeUnknown) as unknown:
            find_scheme(code, version=version)
        assert APPLIED.code in unknown.value.fields["accepted"]  # type: ignore[operator]
    with pytest.raises(SchemeDoesNotFit) as unfit:
        scheme_for("basic", code=APPLIED.code)
    assert unfit.value.fields["accepted"] == ["five-values-basic"]
