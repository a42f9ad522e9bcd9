"""What the visitor sees: a list of steps that fills, and a closing table."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_KEPT = 14


class Show:
    """A live display of steps; plain lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._done: list[str] = []
        self._now = ""
        self._live = Live(console=console, refresh_per_second=12, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def doing(self, text: str) -> None:
        """Show what is going on."""
        self._now = text
        self._refresh()

    def done(self, text: str) -> None:
        """Add a finished step."""
        self._now = ""
        if self._console.is_terminal:
            self._done.append(text)
            self._refresh()
        else:
            self._console.print(f"[green]✓[/] {text}", soft_wrap=True)

    def refused(self, text: str) -> None:
        """Add a refusal that had to come."""
        self.done(f"[yellow]拒绝 refused[/] {text}")

    def _refresh(self) -> None:
        lines: list[Any] = [Text.from_markup(f"✓ {step}") for step in self._done[-_KEPT:]]
        if self._now:
            lines.append(Spinner("dots", Text.from_markup(self._now)))
        self._live.update(Group(*lines))


def closing_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table with its figures right-aligned."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*row)
    return table
