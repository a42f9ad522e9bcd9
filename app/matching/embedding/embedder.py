"""What an embedding model is to matching."""

from collections.abc import Sequence
from typing import Literal, Protocol

from app.matching.domain.vectors import CosineScale, Floats
from app.shared.errors import Unavailable

Kind = Literal["query", "passage"]


class EmbedderUnavailable(Unavailable):
    """The model gives no vectors now; matching goes on by words."""

    code = "embedder_unavailable"
    title_zh = "语义模型暂不可用"
    title_en = "The embedding model gives no vectors now"


class Embedder(Protocol):
    """A model that turns texts into vectors; safe from any thread, and blocks the one it is in.

    Attributes:
        name: Stored with every vector: vectors of different names are never compared.
        dimensions: Of every vector.
        scale: What its cosines mean.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def scale(self) -> CosineScale: ...

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        """Return one row of length 1 a text, in order.

        Args:
            texts: Any number, of any length.
            kind: What is looked for, or what is found; models may treat them differently.

        Raises:
            EmbedderUnavailable: No vectors can be had now.
        """
        ...
