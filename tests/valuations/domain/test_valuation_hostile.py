"""What a stranger hands in to be recomputed."""

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from app.valuations.domain.computing import recompute

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent / "golden_valuation.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("document", "draws"), 10**12),
        (("document", "draws"), "many"),
        (("document", "methods"), "none"),
        (("document", "methods", 0, "inputs", "amortisation_years"), 10**12),
        (("document", "methods", 0, "inputs", "revenue"), [{"distribution": []}]),
        (("document", "methods", 0, "inputs", "revenue"), [None] * 10**5),
        (("document",), None),
        (("results", "methods"), [None] * len(GOLDEN["results"]["methods"])),
        (("results", "reconciliation"), {}),
        (("results",), {}),
    ],
)
def test_a_hostile_document_is_told_and_takes_no_time(path: tuple[Any, ...], value: Any) -> None:
    """VA7"""
    content = json.loads(json.dumps(GOLDEN))
    part = content
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    begun = process_time()
    assert recompute(content)[0]["where"] in {"document", "engine"}
    assert process_time() - begun < 3
