"""What an index holds of an entry: its id and its terms, and nothing that could be read back."""

from typing import Any, Final
from uuid import UUID

from tantivy import Document, Schema, SchemaBuilder

from app.matching.domain.entry import Entry
from app.shared.words import characters_of, grams_of, is_han

ID: Final = "id"
HIGH: Final = "high"
LOW: Final = "low"
GRAMS: Final = "grams"
CHARACTERS: Final = "characters"
_HALF: Final = 64


def schema() -> Schema:
    """Return the schema.

    The id stands there twice, as a term to delete by and as columns to read fast. Of single
    characters only their document frequencies are asked.
    """
    return (
        SchemaBuilder()
        .add_text_field(ID, tokenizer_name="raw", index_option="basic")
        .add_unsigned_field(HIGH, fast=True)
        .add_unsigned_field(LOW, fast=True)
        .add_text_field(GRAMS, tokenizer_name="whitespace", index_option="freq")
        .add_text_field(CHARACTERS, tokenizer_name="whitespace", index_option="basic")
        .build()
    )


def document_of(entry: Entry) -> Document:
    """Return what is indexed of an entry."""
    document = Document()
    document.add_text(ID, entry.id.hex)
    document.add_unsigned(HIGH, entry.id.int >> _HALF)
    document.add_unsigned(LOW, entry.id.int & (1 << _HALF) - 1)
    words = entry.words
    document.add_text(GRAMS, " ".join(grams_of(words)))
    document.add_text(CHARACTERS, " ".join(characters_of(words)))
    return document


def field_of(term: str) -> str:
    """Return the field that a term of `domain.terms` stands in."""
    return CHARACTERS if len(term) == 1 and is_han(term) else GRAMS


def id_of(high: Any, low: Any) -> UUID:
    """Return the id whose halves these are."""
    return UUID(int=(high << _HALF) | low)
