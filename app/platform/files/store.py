"""Contents on disk, at most once each, written whole or not at all."""

import hashlib
import os
import tempfile
from pathlib import Path


class FileStore:
    """A directory of contents, ``ab/cdef…`` by SHA-256; API hosts of one exchange share it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, sha256: str) -> Path:
        """Return where a content lies."""
        return self._root / sha256[:2] / sha256[2:]

    def put(self, content: bytes) -> str:
        """Keep a content durably and return its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as draft:
                draft.write(content)
                draft.flush()
                os.fsync(draft.fileno())
            Path(draft.name).replace(target)
            _sync_directory(target.parent)
            _sync_directory(self._root)
        return sha256


def _sync_directory(path: Path) -> None:
    # The name must survive a power failure too, not only the bytes.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
