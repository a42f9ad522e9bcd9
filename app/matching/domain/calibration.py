"""Calibration 校准: what text scores are made of, and what they mean; data with a version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Verdict

LEXICAL: Final = "lexical"
DEFAULT_MODEL: Final = "multilingual-e5-small"


@dataclass(frozen=True, slots=True)
class TextCalibration:
    """Of text scores with one model, or of words alone.

    Attributes:
        coverage, semantic: What each part of the text score weighs; together 1.
        possible, strong: The least text score of each verdict.
    """

    coverage: float
    semantic: float
    possible: float
    strong: float

    def verdict(self, text_score: float) -> Verdict:
        """Return what a text score says."""
        if text_score >= self.strong:
            return Verdict.STRONG
        return Verdict.POSSIBLE if text_score >= self.possible else Verdict.NONE


@dataclass(frozen=True, slots=True)
class Calibration:
    """All text calibrations of one version: by embedding model, and by what is looked for.

    Without a model they are those of ``lexical``.
    """

    version: str
    models: Mapping[str, Mapping[EntryKind, TextCalibration]]

    def of(self, model: str | None, wants: EntryKind) -> TextCalibration:
        """Return the calibration for a model.

        One that was never measured has the default's: its scale puts its cosines there.
        """
        if model is None:
            return self.models[LEXICAL][wants]
        return self.models.get(model, self.models[DEFAULT_MODEL])[wants]


@lru_cache(maxsize=1)
def shipped() -> Calibration:
    """Return the calibration that the software comes with; ``scripts/calibrate_matching.py``."""
    told = json.loads(files("app.matching").joinpath("data/calibration.json").read_text("utf-8"))
    parts = ("coverage", "semantic", "possible", "strong")
    return Calibration(
        version=told["version"],
        models={
            name: {
                kind: TextCalibration(**{part: sides[kind][part] for part in parts})
                for kind in EntryKind
            }
            for name, sides in told["models"].items()
        },
    )
