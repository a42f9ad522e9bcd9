"""What is sealed for share holders and handed in by them, on the wire: bids, proposals."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from app.platform.schema import Body, View
from app.shared.canonical import canonical_json
from app.shared.jsonable import jsonable
from app.shared.sealing.handing_in import Submission

SEALED_BYTES_MAX = 8192  # twice what a seal with nine holders has
SEALED_LEVELS_MAX = 8  # more than twice what it has
LINES_MAX = 1000

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


def _storable(sealed: dict[str, Any]) -> dict[str, Any]:
    """Refuse what has no canonical form or is far too much; what it says is judged later."""
    if not _is_flat(sealed, SEALED_LEVELS_MAX):  # proofs walk it again, on another stack
        raise ValueError(f"a sealed form has at most {SEALED_LEVELS_MAX} levels")
    try:
        size = len(canonical_json(jsonable(sealed)))
    except (TypeError, ValueError):
        raise ValueError("a sealed form has no fractions and no unpaired surrogates") from None
    if size > SEALED_BYTES_MAX:
        raise ValueError(f"a sealed form has at most {SEALED_BYTES_MAX} bytes")
    return sealed


def _is_flat(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_flat(item, levels - 1) for item in inner)


SealedBody = Annotated[
    dict[str, Any],
    AfterValidator(_storable),
    Field(description="As `zhepai seal` makes it; app/shared/sealing/README.md is the format"),
]


class ShareBody(Body):
    """A holder's share of one sealed form's key."""

    index: Annotated[int, Field(ge=1, le=9, description="The holder's position, from 1")]
    value: Annotated[str, Field(max_length=100, description="32 bytes, base64url")]


class ShareLine(Body):
    """What a holder says of one sealed form: its share, or that it cannot read it."""

    sequence: Number
    share: ShareBody | None = None
    unreadable: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.share is None) == (self.unreadable is None):
            raise ValueError("give either share or unreadable")
        return self

    def line(self) -> dict[str, Any]:
        """Return the line as its holder proved it."""
        return self.model_dump(exclude_none=True)


class HandInShares(Body):
    """What a holder hands in, as `zhepai open-shares` makes it; any part of the list."""

    holder: Annotated[int, Field(ge=1, le=9, description="Position in terms.holders, from 1")]
    shares: Annotated[list[ShareLine], Field(min_length=1, max_length=LINES_MAX)]
    proof: Annotated[
        str | None, Field(max_length=100, description="That the holder complains; base64url")
    ] = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({line.sequence for line in self.shares}) < len(self.shares):
            raise ValueError("name each number once")
        return self

    def submission(self) -> Submission:
        """Return what the use case takes."""
        return Submission(self.holder, [line.line() for line in self.shares], self.proof)


class HolderProgressView(View):
    """What one holder has handed in, by the numbers of what is sealed."""

    position: int
    name: str
    public_key: str
    shares: list[int]
    unreadable: list[int]
    missing: list[int]
