"""Collect every fault of an input before refusing it, so that one answer mends them all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.shared.errors import RuleBroken


@dataclass(slots=True)
class Findings:
    """Faults found so far, in the form of a problem's ``errors`` member.

    Attributes:
        errors: One object a fault: ``field`` (dotted path), ``rule`` (code), ``message``,
            ``accepted`` (what would have passed).
    """

    errors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, where: str, *, rule: str, message: str, **accepted: object) -> None:
        """Note one fault."""
        self._note(where, rule, message, accepted)

    def _note(self, where: str, rule: str, message: str, accepted: dict[str, object]) -> None:
        self.errors.append({"field": where, "rule": rule, "message": message, "accepted": accepted})

    def require(
        self, fits: bool, where: str, *, rule: str, message: str, **accepted: object
    ) -> None:
        """Note a fault unless ``fits``."""
        if not fits:
            self.add(where, rule=rule, message=message, **accepted)

    def catch(self, where: str, check: Callable[[], object]) -> None:
        """Run a rule that refuses by raising and note its refusal under ``where``."""
        try:
            check()
        except RuleBroken as refusal:
            told = {name: value for name, value in refusal.fields.items() if name != "field"}
            self._note(where, refusal.code, refusal.detail, told)

    def unique(self, where: str, values: Iterable[object]) -> None:
        """Note every value that occurs a second time."""
        seen: set[object] = set()
        for index, value in enumerate(values):
            if value in seen:
                self.add(f"{where}.{index}", rule="repeated", message=f"{value} occurs twice.")
            seen.add(value)

    def summary(self) -> str:
        """Return all messages as one sentence a fault."""
        return "; ".join(f"{error['field']}: {error['message']}" for error in self.errors)
