#!/usr/bin/env python3
"""How well and how fast does matching find, with the embedding model and by words alone?

``bench_matching.py DATA_DIR`` reads a public set of Chinese technical texts where it lies and asks
it as a market: nDCG@10 of problem to solution and back, the part of the first ten that is of the
question's discipline, and BM25 over dictionary words on the same texts in the same run. Then, on
shelves of mixed sentences, what the same search takes, how late the index is, how long it takes to
build, and what a second process needs. Needs nothing started; all goes through PostgreSQL, the
index on disk and the engine's own search.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.demo.market import STARTS_AT
from app.matching.domain.entry import EntryKind
from app.matching.embedding import ROLES
from app.matching.embedding.onnx_e5 import E5, weights_path
from app.platform.db import Database
from app.settings import Settings
from app.wiring import assemble
from scripts.market import make_market
from scripts.matching_filling import read_corpus
from scripts.matching_quality import (
    Reader,
    ask,
    by_answers,
    by_discipline,
    fill,
    give_vectors,
    indexed,
)
from scripts.matching_scale import measure
from scripts.matching_set import MatchingSet, Task
from scripts.matching_words import word_bm25
from scripts.server import fresh_database

QUICK_DOCUMENTS: Final = 100
QUICK_ENTRIES: Final = 1_000
SIZES: Final = (100_000, 1_000_000)
WANTED: Final = {
    "problem": EntryKind.ACHIEVEMENT,
    "reverse": EntryKind.DEMAND,
    "field": EntryKind.ACHIEVEMENT,
}


def note(what: str) -> None:
    """Tell a person how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


async def measure_quality(
    settings: Settings,
    held: MatchingSet,
    names: Sequence[str],
    model: E5 | None,
    kept_in: Path | None,
) -> Mapping[str, Mapping[str, float]]:
    """Return the gain of tasks that are asked of the same two sides, by words and with meaning."""
    tasks = {name: held.task(name) for name in names}
    shelf = tasks[names[0]].texts
    runtime = assemble(settings)
    database = Database(runtime.database.url, pool_size=5, silence_s=None)
    market = await make_market(runtime, bidders=1, starts_at=STARTS_AT)
    sides = await fill(database, market, shelf=shelf, board=held.problems)
    engine = await indexed(database, settings, model)
    note(f"{len(shelf)} achievements, {len(held.problems)} demands: {', '.join(names)}")
    vectors: dict[EntryKind, dict[str, bytes]] = {}
    if model is not None:
        reader = Reader(model, kept_in, note)
        results = reader.read(shelf, "passage", f"{names[0]}-shelf")
        needs = reader.read(held.problems, "query", "board")
        await give_vectors(database, sides[EntryKind.ACHIEVEMENT], shelf, results, model.name)
        await give_vectors(database, sides[EntryKind.DEMAND], held.problems, needs, model.name)
        for name, task in tasks.items():
            asked = [one.text for one in task.questions]
            read = reader.read(asked, ROLES[WANTED[name].other], name)
            vectors[WANTED[name]] = vectors.get(WANTED[name], {}) | read
    found: dict[str, dict[str, float]] = {}
    for name, task in tasks.items():
        side = sides[WANTED[name]]
        gain = by_discipline(held, task) if name == "field" else by_answers(task)
        ways = {"words": None, "meaning": vectors.get(side.kind)}
        found[name] = {
            way: await ask(database, engine, task, side, home=market.id, vectors=some, gain=gain)
            for way, some in ways.items()
            if way == "words" or some is not None
        }
        note(f"{name}: {found[name]}")
    await database.close()
    await runtime.database.close()
    return found


def baseline(held: MatchingSet) -> dict[str, float]:
    """Return BM25 over words for each task."""
    found = {}
    for name in WANTED:
        task: Task = held.task(name)
        gain = by_discipline(held, task) if name == "field" else by_answers(task)
        found[name] = word_bm25(task, gain)
    note(f"BM25 over words: {found}")
    return found


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure everything."""
    path = weights_path()
    model = None if path is None else E5(path)
    held = MatchingSet(options.data_dir, first=QUICK_DOCUMENTS if options.quick else None)
    words = baseline(held)
    quality: dict[str, Mapping[str, float]] = {}
    # Disciplines are asked of whole abstracts; in the quick form of the solutions that are there.
    together = (tuple(WANTED),) if options.quick else (("problem", "reverse"), ("field",))
    for names in together:
        with fresh_database("matching-quality") as (settings, _):
            quality |= asyncio.run(measure_quality(settings, held, names, model, options.vectors))
    corpus = read_corpus(options.data_dir)
    sizes = [QUICK_ENTRIES] if options.quick else options.entries
    scale = {}
    for entries in sizes:
        with fresh_database("matching") as (settings, variables):
            environment = {**os.environ, **variables}
            scale[entries] = asyncio.run(
                measure(settings, environment, corpus, entries, quick=options.quick)
            )
    return {"words": words, "quality": quality, "scale": scale}


def show(told: Mapping[str, Any]) -> None:
    """Print what was measured for people."""
    console = Console(width=110)
    quality = Table(title="nDCG@10 and P@10, %")
    for name in ("", "problem → solution", "solution → problem", "same discipline"):
        quality.add_column(name)
    for label, part in (("words and meaning", "meaning"), ("words alone", "words")):
        row = [str(told["quality"][name].get(part, "-")) for name in WANTED]
        quality.add_row(label, *row)
    quality.add_row("BM25 over words", *(str(told["words"][name]) for name in WANTED))
    console.print(quality)
    scale = Table(title="a whole explained match, the index and its process")
    for name in ("entries", "meaning p50/p99 ms", "words p50/p99 ms", "build s", "rebuild s",
                 "index MB", "lag p99 s", "second process MB"):  # fmt: skip
        scale.add_column(name)
    for entries, one in told["scale"].items():
        both, alone = one["words_and_meaning"], one["words"]
        scale.add_row(
            f"{entries:,}",
            f"{both['ms']['p50']} / {both['ms']['p99']}",
            f"{alone['ms']['p50']} / {alone['ms']['p99']}",
            str(one["first_build_s"]),
            str(one.get("rebuild_s", "-")),
            str(one["index_mb"]),
            str(one.get("lag_s", {}).get("p99", "-")),
            _memory(both.get("second_process")),
        )
    console.print(scale)


def _memory(told: Mapping[str, float] | None) -> str:
    return "-" if told is None else f"{told['private']} private, {told['rss']} in all"


def figures(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures for programs: with the model, and by words alone as ``…_without``."""
    quality, words = told["quality"], told["words"]
    line: dict[str, Any] = {}
    for key, name in (("problem_ndcg10", "problem"), ("reverse_ndcg10", "reverse"),
                      ("field_p10", "field")):  # fmt: skip
        line[key] = quality[name].get("meaning")
        line[f"{key}_without"] = quality[name]["words"]
    line["word_bm25_ndcg10"] = words["problem"]
    line["word_bm25_reverse_ndcg10"] = words["reverse"]
    line["word_bm25_field_p10"] = words["field"]
    smallest = min(told["scale"])
    line["p99_ms"] = told["scale"][smallest]["words_and_meaning"]["ms"]["p99"]
    line["p99_ms_without"] = told["scale"][smallest]["words"]["ms"]["p99"]
    line["scale"] = {
        str(entries): {
            "p50_ms": one["words_and_meaning"]["ms"]["p50"],
            "p99_ms": one["words_and_meaning"]["ms"]["p99"],
            "p50_ms_without": one["words"]["ms"]["p50"],
            "p99_ms_without": one["words"]["ms"]["p99"],
            "build_s": one["first_build_s"],
            "rebuild_s": one.get("rebuild_s"),
            "index_mb": one["index_mb"],
            "lag_p99_s": one.get("lag_s", {}).get("p99"),
            "second_process_mb": one["words_and_meaning"].get("second_process"),
        }
        for entries, one in told["scale"].items()
    }
    return line


def main() -> None:
    """Measure, show, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--quick", action="store_true", help="a small part of all, in 45 s")
    parser.add_argument("--entries", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--vectors", type=Path, help="folder that keeps vectors between runs")
    options = parser.parse_args()
    told = run(options)
    show(told)
    print(json.dumps(figures(told)))


if __name__ == "__main__":
    main()
