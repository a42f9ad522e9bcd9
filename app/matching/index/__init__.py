"""Retrieval 召回: the index on disk that candidates come from; PostgreSQL alone is the truth."""

from app.matching.index.generations import IndexNotReady
from app.matching.index.reading import TantivyIndex, open_index

__all__ = ["IndexNotReady", "TantivyIndex", "open_index"]
