"""What a verification finds wrong: the first link that does not hold."""

from typing import Any


class LinkBroken(Exception):
    """A bundle does not prove what it says.

    Args:
        version: Of the event at which it breaks; ``None`` where it is not one event's fault.
        zh, en: What does not hold.
        told, found: What the bundle says, and what follows from the rest of it.
    """

    def __init__(
        self, version: int | None, zh: str, en: str, *, told: Any = None, found: Any = None
    ) -> None:
        super().__init__(en)
        self.version = version
        self.zh, self.en = zh, en
        self.told, self.found = told, found

    def text(self) -> str:
        """Return it for people, Chinese first."""
        where = "" if self.version is None else f"第 {self.version} 环 / link {self.version}: "
        lines = [f"{where}{self.zh} / {self.en}"]
        if self.told is not None or self.found is not None:
            lines.append(f"  文件所载 / told:   {_short(self.told)}")
            lines.append(f"  应为 / follows:    {_short(self.found)}")
        return "\n".join(lines)


def _short(value: Any) -> str:
    shown = "无 / none" if value is None else str(value)
    return shown if len(shown) <= 300 else shown[:297] + "..."
