"""Tornado: how far each input alone moves the value, the others staying in their middle."""

from typing import Any

import numpy as np

from app.valuations.domain.arithmetic import to_money
from app.valuations.domain.distributions import quantile
from app.valuations.domain.methods import Inputs, Method, bind, quantities


def tornado(method: Method, inputs: Inputs, currency: str) -> list[dict[str, Any]]:
    """Return the value at each uncertain input's P10 and P90, the others at P50.

    The widest swing comes first; of equal ones the path that sorts first.
    """
    at = {
        path: quantile(given, np.array([0.1, 0.5, 0.9]))
        for path, given in quantities(inputs).items()
    }
    middle = {path: float(places[1]) for path, places in at.items()}
    bars = []
    for path, places in at.items():
        if places[0] == places[2]:
            continue
        low, high = (
            to_money(_value(method, inputs, middle | {path: float(place)}), currency)
            for place in (places[0], places[2])
        )
        swing = high - low if low <= high else low - high
        bars.append(
            {
                "input": path,
                "input_p10": f"{places[0]:.10g}",
                "input_p90": f"{places[2]:.10g}",
                "at_p10": low,
                "at_p90": high,
                "swing": swing,
            }
        )
    return sorted(bars, key=lambda bar: (-bar["swing"].amount_minor, bar["input"]))


def _value(method: Method, inputs: Inputs, values: dict[str, float]) -> Any:
    return method.formula(**bind(inputs, lambda path, _given: values[path]))
