"""``zhepai``: the commands of settlement."""

import typer

commands = typer.Typer()
