"""Reading the code tables."""

import pytest

from app.shared import codes
from app.shared.codes import CodeUnknown, TableUnknown


def test_a_known_value_comes_back() -> None:
    assert codes.require("pricing_mode", "bidding", field="mode") == "bidding"
    assert codes.require_region("330200", field="region_code") == "330200"


def test_an_unknown_value_is_refused_with_what_is_accepted() -> None:
    with pytest.raises(CodeUnknown) as refusal:
        codes.require("pricing_mode", "lottery", field="mode")
    assert refusal.value.fields == {
        "field": "mode",
        "table": "pricing_mode",
        "accepted": ["agreement", "posted", "bidding"],
    }


def test_an_unknown_region_names_the_provinces() -> None:
    for wrong in ("330199", "", "浙江"):
        with pytest.raises(CodeUnknown) as refusal:
            codes.require_region(wrong, field="region_code")
        assert len(refusal.value.fields["accepted"]) == 34  # type: ignore[arg-type]


def test_an_unknown_table_names_the_tables() -> None:
    with pytest.raises(TableUnknown) as refusal:
        codes.table("colours")
    assert "region" in refusal.value.fields["accepted"]  # type: ignore[operator]


def test_etags_tell_tables_apart() -> None:
    etags = {table.etag for table in codes.tables().values()}
    assert len(etags) == len(codes.tables())
    assert codes.table("edition").etag == codes.table("edition").etag
