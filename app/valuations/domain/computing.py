"""Compute a valuation's document, and check a signed one by computing it again."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any, Final

import numpy as np

from app.shared.findings import Findings
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.valuations.domain.arithmetic import EXACT, ValueOutOfRange, to_money
from app.valuations.domain.distributions import central
from app.valuations.domain.methods import METHODS, Inputs, MethodKind, bind, point_value
from app.valuations.domain.options import STEPS_MAX, committed_value
from app.valuations.domain.reconciliation import reconcile
from app.valuations.domain.sensitivity import tornado
from app.valuations.domain.simulation import GENERATOR, sample, summarise
from app.valuations.domain.valuation import (
    DRAWS_MAX,
    DRAWS_MIN,
    ValuationInvalid,
    check_document,
    refuse,
)

ENGINE: Final = "zhepai.valuation/1"
# 0.01 % of what the simulation gave, and one minor unit for its rounding.
TOLERANCE: Final = Decimal("0.0001")
# What a stranger's document can be besides wrong: its parts missing, or of other kinds.
_MALFORMED: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_METHODS_MAX, _PARTS_MAX = 6, 50_000  # no request's document has more
_MEASURES: Final = ("p10", "p50", "p90", "mean", "sd")


def compute(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results of a checked document as JSON.

    Takes about 50 ms a method and 100,000 draws, so never call it in a transaction.

    Raises:
        ValuationInvalid: A method gives a value that is no amount.

    Invariant: equal documents give equal bytes.
    """
    findings = Findings()
    methods = []
    for place, item in enumerate(document["methods"]):
        try:
            # Out of range is told, not warned of.
            with np.errstate(all="ignore"):
                methods.append(_run(item, document, place))
        except (ValueOutOfRange, ArithmeticError):
            findings.add(
                f"methods.{place}.inputs",
                rule="out_of_range",
                message="The method gives no value that could be an amount.",
            )
    refuse(findings)
    weights = [item["weight_bp"] for item in document["methods"]]
    told: dict[str, Any] = jsonable(
        {
            "engine": ENGINE,
            "generator": GENERATOR,
            "numpy": np.__version__,
            "seed": document["seed"],
            "draws": document["draws"],
            "methods": methods,
            "reconciliation": reconcile(methods, weights),
        }
    )
    return told


def _run(item: Mapping[str, Any], document: Mapping[str, Any], place: int) -> dict[str, Any]:
    method = METHODS[MethodKind(item["kind"])]
    inputs, currency = item["inputs"], document["currency"]
    values = sample(method, inputs, seed=document["seed"], place=place, draws=document["draws"])
    return {
        "code": item["code"],
        "kind": item["kind"],
        "label": method.label_zh,
        "version": method.version,
        "point": to_money(point_value(method, inputs), currency),
        "committed": _committed(method.kind, inputs, currency),
        "simulation": summarise(values, currency),
        "tornado": tornado(method, inputs, currency),
        "sources": method.sources,
    }


def _committed(kind: MethodKind, inputs: Inputs, currency: str) -> Money | None:
    """Return what the stages would be worth without the right to stop, for an option."""
    if kind is not MethodKind.STAGED_OPTION:
        return None
    with localcontext(EXACT):
        value = committed_value(**bind(inputs, lambda _path, given: central(given)))
    return to_money(value, currency)


def recompute(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Compute a signed valuation again; return what differs, nothing if it holds.

    Formulas must give the same amount to the minor unit; percentiles, mean, deviation and
    tornado lie within 0.01 % of the scale of the method's values, the histogram's counts too.

    Args:
        content: What was signed: ``document`` and ``results``.

    Returns:
        Objects with ``where``, ``stored`` and ``recomputed``.
    """
    try:
        return _recompute(content)
    except (ValuationInvalid, *_MALFORMED) as failure:
        return [_differs("document", "computed", f"cannot be computed: {failure!r}")]


def _recompute(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    stored = content["results"]
    if stored.get("engine") != ENGINE or stored.get("generator") != GENERATOR:
        return [_differs("engine", stored.get("engine"), ENGINE)]
    document = content["document"]
    _check_work(document)
    check_document(document)
    fresh = compute(document)
    if len(stored["methods"]) != len(fresh["methods"]):
        return [_differs("methods", len(stored["methods"]), len(fresh["methods"]))]
    found = [
        _differs(name, stored[name], fresh[name])
        for name in ("seed", "draws")
        if stored[name] != fresh[name]
    ]
    slack = 0
    for index, (old, new) in enumerate(zip(stored["methods"], fresh["methods"], strict=True)):
        slack = max(slack, _slack(new["simulation"]))
        found += _compare_method(f"methods.{index}", old, new)
    for name in ("low", "centre", "high", "point"):
        old, new = stored["reconciliation"][name], fresh["reconciliation"][name]
        if not _near(old, new, 0 if name == "point" else slack):
            found.append(_differs(f"reconciliation.{name}", old, new))
    return found


def _check_work(document: Mapping[str, Any]) -> None:
    """Refuse a document that no request could have brought and that would take for ever.

    Raises:
        ValueError: Too many draws, methods, parts or steps.
    """
    draws, methods = document["draws"], document["methods"]
    if type(draws) is not int or not DRAWS_MIN <= draws <= DRAWS_MAX:
        raise ValueError("draws")
    left, waiting = _PARTS_MAX, [item["inputs"] for item in methods]
    if len(waiting) > _METHODS_MAX:
        raise ValueError("methods")
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
        # Years, steps and steps a year are all the numbers that stand bare.
        elif not isinstance(part, str | None) and not (
            type(part) is int and 0 <= part <= STEPS_MAX
        ):
            raise ValueError("steps")
        left -= 1
        if left < 0:
            raise ValueError("parts")


def _compare_method(
    where: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found = [
        _differs(f"{where}.{name}", old[name], new[name])
        for name in ("code", "kind", "version", "point", "committed")
        if old[name] != new[name]
    ]
    slack = _slack(new["simulation"])
    for name in _MEASURES:
        before, after = old["simulation"][name], new["simulation"][name]
        if not _near(before, after, slack):
            found.append(_differs(f"{where}.simulation.{name}", before, after))
    found += _compare_histogram(where, old["simulation"], new["simulation"])
    bars = {bar["input"]: bar for bar in old["tornado"]}
    for bar in new["tornado"]:
        before = bars.get(bar["input"])
        same = before is not None and all(
            _near(before[name], bar[name], slack) for name in ("at_p10", "at_p90")
        )
        if not same:
            found.append(_differs(f"{where}.tornado.{bar['input']}", before, bar))
    return found


def _compare_histogram(
    where: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[dict[str, Any]]:
    before, after = old["histogram"]["counts"], new["histogram"]["counts"]
    moved = len(before) != len(after) or sum(
        abs(a - b) for a, b in zip(before, after, strict=True)
    ) > max(2, round(TOLERANCE * new["draws"]))
    return [_differs(f"{where}.simulation.histogram", before, after)] if moved else []


def _minor(told: Mapping[str, str]) -> int:
    return Money.parse(told["amount"], told["currency"]).amount_minor


def _slack(simulation: Mapping[str, Any]) -> int:
    scale = max(abs(_minor(simulation[name])) for name in _MEASURES)
    return int(scale * TOLERANCE) + 1


def _near(old: Mapping[str, str], new: Mapping[str, str], slack: int) -> bool:
    return old["currency"] == new["currency"] and abs(_minor(old) - _minor(new)) <= slack


def _differs(where: str, stored: object, recomputed: object) -> dict[str, Any]:
    return {"where": where, "stored": stored, "recomputed": recomputed}
