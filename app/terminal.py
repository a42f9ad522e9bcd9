"""How commands speak to a person at a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from app.shared.errors import DomainError


@contextmanager
def refusals_told() -> Iterator[None]:
    """Tell a person what is wrong with the input, in one line and without a trace."""
    from app.shared.sealing import shell

    try:
        yield
    except (DomainError, OSError, shell.InputUnusable) as refusal:
        typer.echo(shell.refusal_text(refusal), err=True)
        raise typer.Exit(1) from None
