"""Edge colouring 边着色: meetings into slots so that nobody sits at two tables at once.

Source: D. Kőnig 1916: the edges of a bipartite multigraph can be coloured with as many colours as
its largest degree; D. de Werra 1971: and so that no two colours differ by more than one edge.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Final, Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)
Edge = tuple[Node, Node]

_SIDES: Final = (0, 1)


def is_bipartite(edges: Iterable[Edge[Node]]) -> bool:
    """Tell whether the nodes have two sides such that each edge joins one with the other."""
    beside: dict[Node, list[Node]] = {}
    for one, other in edges:
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    sides: dict[Node, int] = {}
    for start in beside:
        if start in sides:
            continue
        sides[start] = _SIDES[0]
        waiting = [start]
        while waiting:
            node = waiting.pop()
            for neighbour in beside[node]:
                if neighbour not in sides:
                    sides[neighbour] = _SIDES[1] - sides[node]
                    waiting.append(neighbour)
                elif sides[neighbour] == sides[node]:
                    return False
    return True


def colour_evenly(edges: Sequence[Edge[Node]], colours: int) -> Sequence[int]:
    """Return a colour from 0 for each edge: no node has one twice, none is used much more.

    The numbers of edges of two colours differ by at most one. The same edges in the same order
    give the same colours.

    Args:
        edges: Of a bipartite multigraph whose nodes have at most ``colours`` edges each.
        colours: How many there are, positive.

    Invariant: MT80.
    """
    colouring = _Colouring(edges, colours)
    for edge in range(len(edges)):
        colouring.add(edge)
    colouring.even_out()
    return colouring.colour


class _Colouring(Generic[Node]):
    """Coloured edges; ``at`` says which edge of a colour a node has."""

    def __init__(self, edges: Sequence[Edge[Node]], colours: int) -> None:
        self.edges = edges
        self.colours = colours
        self.colour = [-1] * len(edges)
        self.at: dict[Node, dict[int, int]] = {node: {} for edge in edges for node in edge}
        self.count = [0] * colours

    def add(self, edge: int) -> None:
        """Colour one more edge; others may change theirs."""
        one, other = self.edges[edge]
        free, free_there = self._free(one), self._free(other)
        if free in self.at[other]:
            # The chain cannot end at `one`: the two sides alternate, so it would come there by
            # an edge of the colour that is free there.
            self._flip(self._chain(other, free, free_there), free, free_there)
        self._put(edge, free)

    def even_out(self) -> None:
        """Change colours along chains until their numbers differ by at most one."""
        while True:
            most = max(range(self.colours), key=lambda colour: self.count[colour])
            least = min(range(self.colours), key=lambda colour: self.count[colour])
            if self.count[most] - self.count[least] <= 1:
                return
            self._flip(self._surplus(most, least), most, least)

    def _surplus(self, most: int, least: int) -> Sequence[int]:
        """Return a chain with one more edge of a colour than of the other; there is one."""
        chains = (
            self._chain(node, most, least)
            for node, has in self.at.items()
            if most in has and least not in has
        )
        return next(chain for chain in chains if len(chain) % 2)

    def _free(self, node: Node) -> int:
        has = self.at[node]
        return next(colour for colour in range(self.colours) if colour not in has)

    def _chain(self, start: Node, first: int, second: int) -> Sequence[int]:
        """Return the edges of alternating colours from a node that lacks the second."""
        chain = []
        node, colour, following = start, first, second
        while (edge := self.at[node].get(colour)) is not None:
            chain.append(edge)
            one, other = self.edges[edge]
            node = other if node == one else one
            colour, following = following, colour
        return chain

    def _flip(self, chain: Sequence[int], first: int, second: int) -> None:
        swapped = [(edge, first + second - self.colour[edge]) for edge in chain]
        for edge in chain:
            self.count[self.colour[edge]] -= 1
            for node in self.edges[edge]:
                del self.at[node][self.colour[edge]]
        for edge, colour in swapped:
            self._put(edge, colour)

    def _put(self, edge: int, colour: int) -> None:
        self.colour[edge] = colour
        self.count[colour] += 1
        for node in self.edges[edge]:
            self.at[node][colour] = edge
