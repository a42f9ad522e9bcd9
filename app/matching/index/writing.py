"""The index as its one writer changes it."""

from collections.abc import Collection, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from tantivy import Index

from app.matching.domain.entry import Entry, EntryKind
from app.matching.index.generations import Place, read_place, write_place, writing
from app.matching.index.schema import ID, document_of, schema

HEAP_BYTES: Final = 50_000_000  # of each kind, before a segment is written


class IndexWriter:
    """The only writer of a generation, from opening to closing.

    Invariant: MT22, MT23.

    Raises:
        GenerationBusy: Another process writes it.
    """

    def __init__(self, generation: Path, *, heap_bytes: int = HEAP_BYTES) -> None:
        self.generation = generation
        self._stack = ExitStack()
        self._stack.enter_context(writing(generation))
        self._writers = {}
        for kind in EntryKind:
            path = generation / kind
            path.mkdir(parents=True, exist_ok=True)
            self._writers[kind] = Index(schema(), str(path)).writer(heap_bytes, 1)

    @property
    def place(self) -> Place | None:
        """How far it has come; ``None`` before it was first settled."""
        return read_place(self.generation)

    def write(self, entries: Iterable[Entry], gone: Collection[tuple[EntryKind, UUID]]) -> None:
        """Hold these entries as they are now, and those that are gone no more."""
        for kind, entry_id in gone:
            self._writers[kind].delete_documents_by_term(ID, entry_id.hex)
        for entry in entries:
            writer = self._writers[entry.kind]
            writer.delete_documents_by_term(ID, entry.id.hex)
            writer.add_document(document_of(entry))

    def settle(self, place: Place) -> None:
        """Let readers see what was written, and only then remember how far it goes.

        Killed in between, the next one writes the same again, which changes nothing.
        """
        for writer in self._writers.values():
            writer.commit()
        write_place(self.generation, place)

    def close(self) -> None:
        """Leave the generation to the next writer; what was not committed is lost."""
        self._writers.clear()
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
