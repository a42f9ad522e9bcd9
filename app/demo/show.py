"""What the visitor sees: steps that stay, a spinner for the one going on, tables at the end."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.status import Status
from rich.table import Table


class Show:
    """A line a finished step; below them what is going on, where there is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("", console=console)

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._status.stop()

    def doing(self, text: str) -> None:
        """Show what is going on."""
        self._status.update(text)

    def done(self, text: str) -> None:
        """Add a finished step."""
        self._console.print(f"[green]✓[/] {text}")

    def refused(self, text: str) -> None:
        """Add a refusal that had to come."""
        self._console.print(f"[yellow]⊘ 拒绝[/] {text}")


def ten_thousands(amount: str) -> str:
    """Return an amount in 万元, as the trade writes it: ``1230.00``."""
    yuan, _, fraction = amount.partition(".")
    padded = yuan.zfill(5)
    return f"{int(padded[:-4]):,}.{padded[-4:-2]}" if not int(fraction or 0) else amount


def closing_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, wide: int = 0
) -> Table:
    """Return a table, its first column left, the others right-aligned.

    Args:
        wide: Least width of the first column; a narrow terminal then cuts names, not figures.
    """
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for number, column in enumerate(columns):
        first = number == 0
        figures = max(cell_len(text) for text in (column, *(row[number] for row in rows)))
        table.add_column(
            column,
            justify="left" if first else "right",
            min_width=(wide if first else figures) if wide else None,
            no_wrap=True,
        )
    for row in rows:
        table.add_row(*row)
    return table
