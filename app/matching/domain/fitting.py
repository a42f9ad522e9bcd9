"""How a demand's terms and an achievement's offer fit together, as tables.

The values are the exchange's reading of the code tables, 1 for a fit and 0 for none; no law or
standard states them.
"""

from collections.abc import Mapping
from typing import Final

_LICENCES: Final = ("licence", "licence_exclusive", "licence_sole", "licence_ordinary")
# Whoever is open for everything has not yet agreed to anything.
_OPEN: Final = 0.5


def _table(**rows: Mapping[str, float]) -> Mapping[str, Mapping[str, float]]:
    return {name: {"other_agreed_mode": _OPEN, **row} for name, row in rows.items()}


def _licensed(value: float) -> dict[str, float]:
    return dict.fromkeys(_LICENCES, value)


# cooperation_mode of the demand, conversion_mode of the achievement
MODES: Final = _table(
    commissioned_development={"joint_development": 0.7, "transfer": 0.3, **_licensed(0.3)},
    joint_development={"joint_development": 1.0, "share_investment": 0.4},
    technology_transfer={"transfer": 1.0, "licence_exclusive": 0.4},
    technology_licence={"transfer": 0.3, **_licensed(1.0)},
    share_investment={"share_investment": 1.0, "joint_development": 0.4},
    technical_consulting={"joint_development": 0.4},
    technical_service={"joint_development": 0.4, **_licensed(0.3)},
    joint_laboratory={"joint_development": 0.8, "share_investment": 0.3},
)

# ip_ownership of the demand, conversion_mode of the achievement
OWNERSHIP: Final = _table(
    solver_owns={"joint_development": 0.7, **_licensed(1.0)},
    solver_owns_poster_uses={"joint_development": 0.7, **_licensed(1.0)},
    poster_owns={"transfer": 1.0, "share_investment": 0.7, "licence_exclusive": 0.3},
    poster_owns_solver_research_use={
        "transfer": 1.0,
        "share_investment": 0.7,
        "licence_exclusive": 0.5,
    },
    joint_ownership={"joint_development": 1.0, "share_investment": 0.6},
    by_contribution={"joint_development": 1.0, "share_investment": 0.6},
)


def best(table: Mapping[str, Mapping[str, float]], wanted: str, offered: tuple[str, ...]) -> float:
    """Return how well the best of what is offered fits what is wanted, 0 to 1."""
    row = table.get(wanted, {})
    return max((row.get(mode, 0.0) for mode in offered), default=0.0)
