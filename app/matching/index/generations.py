"""Where the index lies: generations of it, of which one is current.

``current`` is a link to the generation that readers open; replacing it switches both kinds at
once. A generation holds an index a kind, and beside them how far of the journal is in it.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
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
    """Another process keeps this directory, or writes this generation."""


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

    def claimed(self) -> AbstractContextManager[None]:
        """Be the only process that keeps this directory up; the claim ends with the process.

        Raises:
            GenerationBusy: Another one does.
        """
        self._path.mkdir(parents=True, exist_ok=True)
        return _locked(self._path / "lock")

    def new(self) -> Path:
        """Return the path of a generation that does not exist yet."""
        self._path.mkdir(parents=True, exist_ok=True)
        return self._path / f"{FORM}-{new_id().hex}"

    def publish(self, generation: Path) -> None:
        """Let readers open this generation from now on."""
        link = generation.with_suffix(".link")
        link.symlink_to(generation.name)
        link.replace(self._path / "current")

    def sweep(self) -> None:
        """Delete what is neither current nor being written; readers that have it open keep it."""
        kept = self.current()
        for lock in self._path.glob("*-*.lock"):
            generation = lock.with_suffix("")
            if generation != kept:
                with suppress(GenerationBusy), _locked(lock):
                    if generation == self.current():  # its builder has just published it
                        continue
                    shutil.rmtree(generation, ignore_errors=True)
                    generation.with_suffix(".link").unlink(missing_ok=True)
                    lock.unlink()


def writing(generation: Path) -> AbstractContextManager[None]:
    """Be the only process that writes a generation; the lock ends with the process.

    It comes before the generation does, so what has just been begun is never swept away.

    Raises:
        GenerationBusy: Another one does.
    """
    return _locked(generation.with_suffix(".lock"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GenerationBusy(str(path)) from error
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
