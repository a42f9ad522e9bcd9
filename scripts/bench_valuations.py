"""Measure the simulation of valuations: draws a second, against the same formula in a loop.

The loop binds the inputs and evaluates each method's formula once a draw on plain floats, as one
would without arrays; it takes a fiftieth of the draws and is scaled up, drawing not counted.
The last line is JSON. ``--quick`` takes fewer draws.
"""

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.valuations.domain.computing import compute, recompute
from app.valuations.domain.distributions import Distribution
from app.valuations.domain.methods import METHODS, MethodKind, bind
from app.valuations.domain.simulation import draw, sample
from tests.valuations.domain.examples import INPUTS, document, method

DRAWS = 100_000


def _pick(row: dict[str, float], path: str, _given: Distribution) -> float:
    return row[path]


def loop(kind: MethodKind, inputs: dict[str, Any], draws: int) -> float:
    """Return the seconds that a loop over already drawn inputs takes."""
    drawn = draw(inputs, seed=1, place=0, draws=draws)
    rows = {
        path: [values] * draws if isinstance(values, float) else values.tolist()
        for path, values in drawn.items()
    }
    formula = METHODS[kind].formula
    began = time.perf_counter()
    for index in range(draws):
        row = {path: values[index] for path, values in rows.items()}
        formula(**bind(inputs, partial(_pick, row)))
    return time.perf_counter() - began


def best(times: int, inputs: dict[str, Any], kind: MethodKind, draws: int) -> float:
    """Return the shortest of some runs of the whole simulation, drawing included."""
    spans = []
    for _ in range(times):
        began = time.perf_counter()
        sample(METHODS[kind], inputs, seed=1, place=0, draws=draws)
        spans.append(time.perf_counter() - began)
    return min(spans)


def main() -> None:
    """Measure every method and a valuation of all six."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 draws")
    draws = 10_000 if parser.parse_args().quick else DRAWS
    told: dict[str, Any] = {"draws": draws, "methods": {}}
    for name, inputs in INPUTS.items():
        kind = MethodKind(name)
        array = best(3, inputs, kind, draws)
        sampled = draws // 50
        single = loop(kind, inputs, sampled) / sampled * draws
        told["methods"][name] = {
            "seconds": round(array, 4),
            "draws_per_s": round(draws / array),
            "loop_draws_per_s": round(draws / single),
            "times_faster": round(single / array),
        }
        speed = f"{draws / array:12,.0f}/s  loop {draws / single:9,.0f}/s"
        print(f"{name:22} {array * 1000:7.1f} ms  {speed}")
    whole = document(
        *(method(name, 2000 if name != "market" else 0) for name in INPUTS), draws=draws
    )
    began = time.perf_counter()
    results = compute(whole)
    told["six_methods_s"] = round(time.perf_counter() - began, 4)
    told["recomputes"] = recompute({"document": whole, "results": results}) == []
    print(json.dumps(told))


if __name__ == "__main__":
    main()
