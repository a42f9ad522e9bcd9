"""Findings: every fault of an input at once, in the form of a problem's errors."""

from app.shared import codes
from app.shared.findings import Findings
from app.shared.patent_number import validate_patent_number


def test_each_fault_is_kept_with_its_place_and_what_would_pass() -> None:
    findings = Findings()
    findings.require(True, "a", rule="never", message="not told")
    findings.require(False, "b", rule="too_low", message="Too low.", minimum=3)
    findings.catch("c.0", lambda: codes.require("plan_source", "moon_plan", field="other"))
    findings.catch("c.1", lambda: codes.require("plan_source", "outside_plan", field="other"))
    findings.unique("d", ["x", "y", "x", "x"])
    told = [(error["field"], error["rule"]) for error in findings.errors]
    assert told == [
        ("b", "too_low"),
        ("c.0", "code_unknown"),
        ("d.2", "repeated"),
        ("d.3", "repeated"),
    ]
    assert findings.errors[0]["accepted"] == {"minimum": 3}
    assert "outside_plan" in findings.errors[1]["accepted"]["accepted"]
    assert findings.summary().startswith("b: Too low.; c.0: ")


def test_a_refusal_with_a_rule_of_its_own_keeps_it_beside_its_code() -> None:
    findings = Findings()
    findings.catch("number", lambda: validate_patent_number("1"))
    assert findings.errors[0]["rule"] == "patent_number_invalid"
    assert findings.errors[0]["accepted"] == {"rule": "form"}
