"""The public set of Chinese technical texts, matched in memory with the engine's own scores.

A folder holds ``docs.jsonl.gz``, ``queries.jsonl.gz`` and ``qrels.tsv`` as its README describes
them: abstracts of Chinese papers (CSL and its derivatives), cut into problem and solution. It is
read where it lies.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from app.matching.domain.coverage import coverages, lay_out
from app.matching.domain.terms import choose_terms, terms_in
from app.matching.domain.vectors import Floats
from app.matching.embedding.embedder import Kind
from app.matching.service.finding import CANDIDATES

_K1: Final = 1.2
_B: Final = 0.75

Rows: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = npt.NDArray[np.float64]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a packed file, one a line."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@dataclass(frozen=True)
class Question:
    """A text whose answers are known.

    Attributes:
        gold: Rows of its answers among the texts that it is asked of.
        kept_out: The row of its own document where that is no answer.
    """

    text: str
    gold: frozenset[int]
    kept_out: int | None = None


@dataclass(frozen=True)
class Task:
    """Texts of one side, asked for with questions of the other.

    Attributes:
        documents: Rows of ``MatchingSet.documents`` whose texts these are.
        role: What the texts are to an embedder; the questions are the other.
    """

    texts: Sequence[str]
    documents: Sequence[int]
    questions: Sequence[Question]
    role: Kind


class MatchingSet:
    """The set of a folder.

    Args:
        first: Only so many documents that have a problem, and what can be asked of them alone.
    """

    def __init__(self, folder: Path, *, first: int | None = None) -> None:
        self.documents = read_lines(folder / "docs.jsonl.gz")
        if first is not None:
            self.documents = [told for told in self.documents if told.get("problem")][:first]
        self.queries = read_lines(folder / "queries.jsonl.gz")
        self._row = {told["id"]: row for row, told in enumerate(self.documents)}
        self._gold: dict[str, set[str]] = defaultdict(set)
        with (folder / "qrels.tsv").open(encoding="utf-8") as file:
            next(file)
            for line in file:
                query, document, _ = line.split("\t")
                self._gold[query].add(document)
        if first is not None:
            self.queries = [query for query in self.queries if self._is_whole(query)]

    def _is_whole(self, query: Mapping[str, Any]) -> bool:
        needed = set(self._gold[query["id"]])
        needed |= {query["exclude"]} if query.get("exclude") else set()
        return needed <= self._row.keys()

    @cached_property
    def problems(self) -> Sequence[str]:
        """The demand side."""
        return [told["problem"] for told in self.documents if told.get("problem")]

    @cached_property
    def solutions(self) -> Sequence[str]:
        """The achievement side."""
        return [told.get("solution") or told["abstract"] for told in self.documents]

    def task(self, kind: str) -> Task:
        """Return the questions of a type with the texts that they are asked of."""
        queries = [query for query in self.queries if query["type"] == kind]
        view = queries[0]["doc_view"]
        documents = [
            row for row, told in enumerate(self.documents) if view != "problem" or told.get(view)
        ]
        texts = [self.documents[row].get(view) or self.documents[row]["abstract"]
                 for row in documents]  # fmt: skip
        place = {row: number for number, row in enumerate(documents)}

        def placed(name: str | None) -> int | None:
            return None if name is None else place[self._row[name]]

        questions = [
            Question(
                query["text"],
                frozenset(place[self._row[name]] for name in self._gold[query["id"]]),
                placed(query.get("exclude")),
            )
            for query in queries
        ]
        return Task(texts, documents, questions, "query" if view == "problem" else "passage")


@dataclass(frozen=True)
class Answered:
    """The candidates of a question with their parts of the text score."""

    rows: Rows
    coverage: Values
    cosines: Floats | None


class Matcher:
    """Candidates and parts of text scores, as the engine makes them.

    Args:
        texts: The side that is asked of.
        others: The side that asks; it counts in how rare a term is.
    """

    def __init__(self, texts: Sequence[str], others: Sequence[str]) -> None:
        self._laid_out = [lay_out(text) for text in texts]
        self._size = len(texts) + len(others)
        held = [terms_in(text) for text in texts]
        self._of_side = _frequencies(held)
        self._of_both = self._of_side + _frequencies(map(terms_in, others))
        lengths = np.array([pairs.total() for pairs, _ in held])
        self._damped = _K1 * (1 - _B + _B * lengths / lengths.mean())
        places: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for row, (pairs, _) in enumerate(held):
            for term, count in pairs.items():
                places[term][0].append(row)
                places[term][1].append(count)
        self._places = {
            term: (np.array(rows), np.array(counts)) for term, (rows, counts) in places.items()
        }

    def answer(
        self, question: Question, vector: Floats | None = None, vectors: Floats | None = None
    ) -> Answered:
        """Return the candidates of a question, in no order."""
        terms = choose_terms(question.text, self._of_both, self._size)
        found = np.zeros(len(self._laid_out))
        for term, weight in terms.searched(self._of_side).items():
            rows, counts = self._places[term]
            rarity = np.log(1 + (len(found) - len(rows) + 0.5) / (len(rows) + 0.5))
            found[rows] += weight * rarity * counts / (counts + self._damped[rows])
        if question.kept_out is not None:
            found[question.kept_out] = 0
        best = np.argsort(-found, kind="stable")[:CANDIDATES]
        best = best[found[best] > 0]
        return Answered(
            rows=best,
            coverage=coverages(terms, [self._laid_out[row] for row in best]),
            cosines=None if vectors is None or vector is None else vectors[best] @ vector,
        )


def _frequencies(held: Iterable[tuple[Counter[str], Counter[str]]]) -> Counter[str]:
    return Counter(term for pairs, characters in held for term in {*pairs, *characters})


def ndcg(rows: Sequence[int], gold: frozenset[int], depth: int = 10) -> float:
    """Return the nDCG of a ranking, every answer worth the same.

    Source: Järvelin and Kekäläinen 2002.
    """
    gained = sum(1 / np.log2(place + 2) for place, row in enumerate(rows[:depth]) if row in gold)
    return float(gained / sum(1 / np.log2(place + 2) for place in range(min(len(gold), depth))))


def encoded(
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], Floats],
    kept_at: Path | None = None,
    *,
    tell: Callable[[str], None] = print,
) -> Floats:
    """Return vectors of texts, from the file that keeps them if it is there."""
    if kept_at is not None and kept_at.exists():
        kept: Floats = np.load(kept_at)
        if len(kept) == len(texts):
            return kept
    rows = []
    for start in range(0, len(texts), 256):
        rows.append(encode(texts[start : start + 256]))
        tell(f"{start + len(rows[-1])}/{len(texts)} encoded")
    found: Floats = np.concatenate(rows)
    if kept_at is not None:
        np.save(kept_at, found)
    return found


def answers(
    matcher: Matcher, task: Task, asked: Floats | None, vectors: Floats | None
) -> Iterator[tuple[Question, Answered]]:
    """Yield every question of a task with its candidates."""
    for number, question in enumerate(task.questions):
        vector = None if asked is None else asked[number]
        yield question, matcher.answer(question, vector, vectors)
