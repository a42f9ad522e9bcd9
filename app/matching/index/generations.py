"""Where the index lies: generations of it, of which one is current.

``current`` is a link to the generation that readers open; replacing it switches both kinds at
once. A generation holds an index a kind, and beside them how far of the journal is in it.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.platform.feed import Cursor, CursorInvalid
from app.shared.errors import Unavailable
from app.shared.ids import new_id

# Of the schema, of grams and of what an entry's text is; raise it with any of them, and what was
# built before is built anew.
FORM: Final = 1


class IndexNotReady(Unavailable):
    """There is no index yet, or only one of another version of this software."""

    code = "index_not_ready"
    title_zh = "匹配索引尚未就绪"
    title_en = "The matching index is not ready"


class GenerationBusy(OSError):
    """Another process writes this generation."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a generation has come.

    Attributes:
        database: Names the database that it was made from.
        cursor: All before it in that database's journal is in the generation.
    """

    database: str
    cursor: Cursor


class Generations:
    """The generations of one directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def current(self) -> Path | None:
        """Return the generation that readers open, unless there is none of this form."""
        try:
            name = (self._path / "current").readlink().name
        except OSError:
            return None
        return self._path / name if name.startswith(f"{FORM}-") else None

    def make(self) -> Path:
        """Return a new and empty generation."""
        path = self._path / f"{FORM}-{new_id().hex}"
        path.mkdir(parents=True)
        return path

    def publish(self, generation: Path) -> None:
        """Let readers open this generation from now on."""
        link = generation.with_name(f"{generation.name}.link")
        link.symlink_to(generation.name)
        link.replace(self._path / "current")

    def sweep(self) -> None:
        """Delete what is neither current nor being written; readers that have it open keep it."""
        kept = self.current()
        for path in self._path.glob("*-*"):
            if path.is_symlink():
                path.unlink(missing_ok=True)
            elif path != kept:
                with suppress(GenerationBusy), locked(path):
                    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def locked(generation: Path) -> Iterator[None]:
    """Be the only process that writes a generation; the lock ends with the process.

    Raises:
        GenerationBusy: Another one does.
    """
    with (generation / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GenerationBusy(str(generation)) from error
        yield


def read_place(generation: Path) -> Place | None:
    """Return how far a generation has come; ``None`` if it does not say so."""
    try:
        told = json.loads((generation / "place.json").read_text())
        return Place(told["database"], Cursor.parse(told["cursor"]))
    except (OSError, ValueError, KeyError, TypeError, CursorInvalid):
        return None


def write_place(generation: Path, place: Place) -> None:
    """Keep how far a generation has come; call it after the commit of what lies before."""
    file = generation / "place.json"
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"database": place.database, "cursor": str(place.cursor)}))
    fresh.replace(file)
