"""Ways to change a bundle, the same for the same seed."""

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from app.auctions.domain.room import room
from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.form import commitment_of
from app.auctions.proof.replay import replay
from app.shared.jsonable import jsonable
from tests.auctions.proof.paper import clone, key_pair, rechained, signed

Bundle = dict[str, Any]
STRANGER, STRANGER_KID, STRANGER_KEYS = key_pair("stranger")


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where every leaf of a JSON value is."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index))
    else:
        yield path


def _parent(bundle: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        bundle = bundle[key]
    return bundle


def _other(rng: random.Random, value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice([-1, 1, 1000])
        case str() if value:
            place = rng.randrange(len(value))
            letter = rng.choice([c for c in "0123456789abcdefA" if c != value[place]])
            return value[:place] + letter + value[place + 1 :]
        case _:
            return rng.choice(["x", 1, {"amount": "1.00", "currency": "CNY"}])


def _leaf(rng: random.Random, bundle: Bundle, within: str) -> None:
    path = rng.choice(list(_paths(bundle[within])))
    if not path:
        bundle[within] = [{}]
        return
    parent = _parent(bundle[within], path)
    kind = rng.random()
    if kind < 0.75:
        parent[path[-1]] = _other(rng, parent[path[-1]])
    elif kind < 0.9:
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent["more"] = rng.choice([1, "x", None])
    else:
        parent.append("x")


def change(rng: random.Random, bundle: Bundle) -> None:
    """Change, drop or add a value somewhere in the events."""
    _leaf(rng, bundle, "events")


def change_cover(rng: random.Random, bundle: Bundle) -> None:
    """Change a value in any other part."""
    _leaf(rng, bundle, rng.choice(["auction", "reveals", "heads", "result", "keys", "signature"]))


def _list(rng: random.Random, bundle: Bundle) -> list[Any]:
    """Return a list whose order and length mean something."""
    lists = [bundle["events"], bundle["events"], bundle["reveals"], bundle["heads"]]
    lists += [it["public"]["bids"] for it in bundle["events"] if "bids" in it["public"]]
    return rng.choice([it for it in lists if it])


def drop(rng: random.Random, bundle: Bundle) -> None:
    found = _list(rng, bundle)
    del found[rng.randrange(len(found))]


def reorder(rng: random.Random, bundle: Bundle) -> None:
    found = _list(rng, bundle)
    one, other = rng.randrange(len(found)), rng.randrange(len(found))
    found[one], found[other] = found[other], found[one]


def duplicate(rng: random.Random, bundle: Bundle) -> None:
    found = _list(rng, bundle)
    found.insert(rng.randrange(len(found) + 1), clone(rng.choice(found)))


def insert(rng: random.Random, bundle: Bundle) -> None:
    """Put in an event, or a bid, that looks like another."""
    found = _list(rng, bundle)
    made = clone(rng.choice(found))
    path = rng.choice(list(_paths(made)))
    parent = _parent(made, path)
    parent[path[-1]] = _other(rng, parent[path[-1]])
    found.insert(rng.randrange(len(found) + 1), made)


def truncate(rng: random.Random, bundle: Bundle) -> None:
    found = bundle["events"]
    del found[rng.randrange(1, len(found)) :]


def replace_bid(rng: random.Random, bundle: Bundle) -> None:
    """Give a bid another bidder, amount or verdict, with a commitment that fits."""
    rows = [row for it in bundle["events"] for row in it["public"].get("bids", [])]
    row = rng.choice(rows)
    reveal = next((it for it in bundle["reveals"] if it["sequence"] == row["sequence"]), None)
    if reveal is None or rng.random() < 0.3:
        name = rng.choice(sorted(row.keys() - {"commitment"}))
        row[name] = _other(rng, row[name])
        return
    reveal["amount"]["amount"] = f"{rng.randrange(10**6)}.00"
    row["commitment"] = commitment_of(reveal, refused="refusal" in row)


MUTATIONS: Final[tuple[Callable[[random.Random, Bundle], None], ...]] = (
    change,
    change,
    change_cover,
    drop,
    reorder,
    duplicate,
    insert,
    truncate,
    replace_bid,
)


def mutated(rng: random.Random, bundle: Bundle) -> tuple[str, Bundle]:
    """Return the name of a mutation and a bundle that differs from the original."""
    while True:
        mutation = rng.choice(MUTATIONS)
        made = clone(bundle)
        mutation(rng, made)
        if made != bundle:
            return mutation.__name__, made


def resigned(rng: random.Random, bundle: Bundle) -> Bundle:
    """Sign a changed bundle as somebody would who has not the exchange's key."""
    way = rng.randrange(4)
    try:
        if way == 0:
            return bundle
        if way == 1:
            return rechained(bundle)
        made = signed(rechained(bundle), signer=STRANGER, kid=STRANGER_KID)
        if way == 2:
            return made
        made["keys"] = STRANGER_KEYS
        return signed(made, signer=STRANGER, kid=STRANGER_KID)
    except (KeyError, TypeError, AttributeError, ValueError):
        return bundle  # too broken to be chained


def rewritten(rng: random.Random, bundle: Bundle) -> Bundle | None:
    """Chain and sign a changed bundle with the exchange's own key; ``None`` if it cannot be.

    Half of the time it also lists the heads and tells the result that fit its new story.
    """
    try:
        made = rechained(bundle)
        if rng.random() < 0.5:
            hashes = {event["version"]: event["hash"] for event in made["events"]}
            for head in made["heads"]:
                head["hash"] = hashes.get(head["version"], head["hash"])
            made["result"] = _result(made)
        return signed(made)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def _result(bundle: Bundle) -> Any:
    reveals = {reveal["sequence"]: reveal for reveal in bundle["reveals"]}
    try:
        case = replay(bundle["auction"]["id"], bundle["events"], reveals, limits_known=False)
    except LinkBroken:
        return bundle["result"]
    shown = jsonable(room(case.state))
    return {
        "status": shown["status"],
        "bidder_code": shown["leader_code"],
        "price": shown["leading"],
    }
