"""Meaning 语义: texts as vectors whose cosines say how near they are."""

from app.matching.embedding.choosing import make_embedder
from app.matching.embedding.embedder import ROLES, Embedder, EmbedderUnavailable, TextRefused

__all__ = ["ROLES", "Embedder", "EmbedderUnavailable", "TextRefused", "make_embedder"]
