"""What an embedding model is to matching."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, TypeAlias

from app.matching.domain.entry import EntryKind
from app.matching.domain.vectors import CosineScale, Floats
from app.shared.errors import Unavailable

Kind: TypeAlias = Literal["query", "passage"]  # what is looked for, what is found
# A need is a query and a result a passage, whichever of them is looked for: one vector each.
ROLES: Final[Mapping[EntryKind, Kind]] = {
    EntryKind.DEMAND: "query",
    EntryKind.ACHIEVEMENT: "passage",
}


class EmbedderUnavailable(Unavailable):
    """The model gives no vectors now; matching goes on by words."""

    code = "embedder_unavailable"
    title_zh = "语义模型暂不可用"
    title_en = "The embedding model gives no vectors now"


class TextRefused(EmbedderUnavailable):
    """The model does not take one of the texts, however short it is cut; others it may take."""


class Embedder(Protocol):
    """A model that turns texts into vectors; safe from any thread, and blocks the one it is in."""

    @property
    def name(self) -> str:
        """Stored with every vector: vectors of different names are never compared."""

    @property
    def dimensions(self) -> int:
        """Of every vector."""

    @property
    def scale(self) -> CosineScale:
        """What the cosines of its vectors mean."""

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        """Return one row of length 1 a text, in order.

        Args:
            texts: Any number, of any length but none empty.
            kind: Models may treat what is looked for otherwise than what is found.

        Raises:
            EmbedderUnavailable: No vectors can be had now.
            TextRefused: Nor later, of one of these texts.
        """
