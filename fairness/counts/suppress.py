"""Hide small groups, and enough others that the small ones cannot be worked out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from fairness.counts.table import CountTable, FloatArray, Int64Array

SMALLEST = 5
"""Groups of fewer customers than this are hidden in what is saved or exported."""

# Random directions in which to look for another table that fits what is shown.
_FEW_UNKNOWN = 400
_RANDOM_DIRECTIONS = 6
_SEED = 20_261_101
_TOLERANCE = 1e-6

# The attributes of a table, and the labels of one of its groups.
_Cell = tuple[tuple[str, ...], tuple[str, ...]]


def suppress(
    tables: Sequence[CountTable],
    k: int = SMALLEST,
    *,
    keep: Collection[tuple[str, str]] = (),
) -> dict[str, set[str]]:
    """Return the groups to hide in each table, all tables being published together.

    Groups of 1 to k - 1 customers are hidden. What is shown could still give
    one away: totals are known (the customers, and each group of a table that
    an intersection adds up to), so a single hidden group follows by
    subtraction, and several by solving equations. So others are hidden too,
    the smallest first, until

    - the hidden groups of a line with a known total hold at least k together, and
    - for every small group the linear equations between all tables have another
      solution, in which it holds at least one customer more or fewer.

    Parameters
    ----------
    tables : sequence of CountTable
        All that is published of one set of customers.
    k : int, default 5
    keep : collection of (attribute, group)
        Groups that are never hidden to protect another one.

    Returns
    -------
    dict of attribute name to set of group names

    Notes
    -----
    The unit is the group. How many of a shown group were selected is shown as
    it is: it is the firm's own decision that is under audit. Where everything
    in reach is hidden and a group still follows from the number of customers,
    nothing more can be done.

    References
    ----------
    .. [1] Cox, L. H. (1980). Suppression methodology and statistical disclosure
       control. Journal of the American Statistical Association 75, 377-385.

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.zeros((3, 2, 3), np.int64)
    >>> cells[:, 0, 2] = [3, 8, 90]
    >>> table = CountTable(("g",), (("a",), ("b",), ("c",)), cells)
    >>> sorted(suppress([table])["g"])
    ['a', 'b']
    """
    lattice = _Lattice.of(tables)
    kept = {
        (table.attributes, parts)
        for table in tables
        for parts, group in zip(table.labels, table.groups, strict=True)
        if (table.attribute, group) in keep
    }
    hidden = {cell for cell in lattice.published if 0 < lattice.size[cell] < k}
    exposed: Collection[_Cell] = frozenset(hidden)
    if hidden:
        _hide_by_line(lattice, hidden, kept, k)
        # What is safe stays safe: hiding more only allows more solutions.
        while exposed := _exposed(lattice, hidden, exposed):
            more = {_another(lattice, cell, hidden, kept) for cell in exposed} - {None}
            if not more:
                break
            hidden |= {cell for cell in more if cell is not None}
            _hide_by_line(lattice, hidden, kept, k)
    return {
        table.attribute: {
            group
            for parts, group in zip(table.labels, table.groups, strict=True)
            if (table.attributes, parts) in hidden
        }
        for table in tables
    }


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Every group of every table, and what adds up to what.

    Parameters
    ----------
    size : dict of cell to customers
        Also the groups of marginals that are not published.
    lines : list of (whole, parts)
        The parts add up to the whole.
    published : set of cells
    """

    size: dict[_Cell, int]
    lines: list[tuple[_Cell, list[_Cell]]]
    published: set[_Cell]

    @classmethod
    def of(cls, tables: Sequence[CountTable]) -> _Lattice:
        size: dict[_Cell, int] = {}
        for table in tables:
            for parts, n in zip(table.labels, table.n.tolist(), strict=True):
                size[table.attributes, parts] = n
        published = set(size)
        lines: dict[tuple[_Cell, tuple[str, ...]], list[_Cell]] = defaultdict(list)
        waiting = [table.attributes for table in tables]
        seen: set[tuple[str, ...]] = set()
        while waiting:
            names = waiting.pop()
            if names in seen or not names:
                continue
            seen.add(names)
            mine = [cell for cell in size if cell[0] == names]
            for place in range(len(names)):
                fewer = names[:place] + names[place + 1 :]
                waiting.append(fewer)
                sums: dict[_Cell, int] = defaultdict(int)
                for cell in mine:
                    whole = (fewer, cell[1][:place] + cell[1][place + 1 :])
                    sums[whole] += size[cell]
                    lines[whole, names].append(cell)
                for whole, n in sums.items():
                    size.setdefault(whole, n)
        known = [(whole, parts) for (whole, _), parts in lines.items()]
        # The number of customers is always told.
        return cls(size, known, published | {((), ())})

    def is_known(self, cell: _Cell, hidden: Collection[_Cell]) -> bool:
        """Whether a cell is shown."""
        return cell in self.published and cell not in hidden


def _hide_by_line(
    lattice: _Lattice, hidden: set[_Cell], kept: Collection[_Cell], k: int
) -> None:
    """Leave no line with a known total in which fewer than k are hidden."""
    changed = True
    while changed:
        changed = False
        for whole, parts in lattice.lines:
            inside = [cell for cell in parts if cell in hidden]
            if not inside or not lattice.is_known(whole, hidden):
                continue
            if len(inside) > 1 and sum(lattice.size[cell] for cell in inside) >= k:
                continue
            other = _smallest(lattice, parts, hidden, kept)
            if other is not None:
                hidden.add(other)
                changed = True


def _smallest(
    lattice: _Lattice,
    cells: Sequence[_Cell],
    hidden: Collection[_Cell],
    kept: Collection[_Cell],
) -> _Cell | None:
    free = [
        cell
        for cell in cells
        if cell[0] and lattice.is_known(cell, hidden) and cell not in kept
    ]
    return min(free, key=lambda cell: (lattice.size[cell], cell), default=None)


def _another(
    lattice: _Lattice, cell: _Cell, hidden: Collection[_Cell], kept: Collection[_Cell]
) -> _Cell | None:
    """Return the smallest shown cell that shares a line with one, or with those near.

    The search goes outwards from the cell through lines with something hidden.
    """
    reached, seen = {cell}, set[_Cell]()
    while reached - seen:
        seen |= reached
        lines = [
            [whole, *parts]
            for whole, parts in lattice.lines
            if whole in seen or not seen.isdisjoint(parts)
        ]
        near = [other for line in lines for other in line]
        found = _smallest(lattice, near, hidden, kept)
        if found is not None:
            return found
        reached = seen | {x for x in near if not lattice.is_known(x, hidden)}
    return None


def _exposed(
    lattice: _Lattice, hidden: Collection[_Cell], small: Collection[_Cell]
) -> list[_Cell]:
    """Return the small groups that can have one size only, given what is shown."""
    exposed: list[_Cell] = []
    for cells, lines in _components(lattice, hidden):
        place = {cell: i for i, cell in enumerate(cells)}
        wanted = [place[cell] for cell in cells if cell in small]
        if wanted:
            exposed += [
                cells[i] for i in _determined(lattice, cells, place, lines, wanted)
            ]
    return sorted(exposed)


def _components(
    lattice: _Lattice, hidden: Collection[_Cell]
) -> Iterator[tuple[list[_Cell], list[tuple[_Cell, list[_Cell]]]]]:
    """Return unknown cells that equations tie together, with those equations."""
    parent: dict[_Cell, _Cell] = {}

    def root(cell: _Cell) -> _Cell:
        parent.setdefault(cell, cell)
        while parent[cell] != cell:
            parent[cell] = parent[parent[cell]]
            cell = parent[cell]
        return cell

    tied = []
    for whole, parts in lattice.lines:
        unknown = [x for x in (whole, *parts) if not lattice.is_known(x, hidden)]
        for cell in unknown:
            parent[root(cell)] = root(unknown[0])
        if unknown:
            tied.append((unknown[0], (whole, parts)))
    cells: Mapping[_Cell, list[_Cell]] = defaultdict(list)
    lines: Mapping[_Cell, list[tuple[_Cell, list[_Cell]]]] = defaultdict(list)
    for cell in sorted(parent):
        cells[root(cell)].append(cell)
    for cell, line in tied:
        lines[root(cell)].append(line)
    for top, members in cells.items():
        yield members, lines[top]


def _determined(
    lattice: _Lattice,
    cells: Sequence[_Cell],
    place: Mapping[_Cell, int],
    lines: Sequence[tuple[_Cell, list[_Cell]]],
    wanted: Sequence[int],
) -> list[int]:
    """Return those of the wanted cells that no other solution changes by one."""
    if len(lines) == 1:
        whole, _ = lines[0]
        if whole not in place:
            # One sum of cells of at least one: they can move if one is larger.
            is_fixed = sum(lattice.size[cell] for cell in cells) == len(cells)
            return list(wanted) if is_fixed or len(cells) == 1 else []
    truth: Int64Array = np.array([lattice.size[cell] for cell in cells])
    entries = [
        (sign, row, place[cell])
        for row, (whole, parts) in enumerate(lines)
        for cell, sign in ((whole, -1.0), *((part, 1.0) for part in parts))
        if cell in place
    ]
    signs, rows, columns = (np.array(x) for x in zip(*entries, strict=True))
    left = set(wanted)
    if len(cells) <= _FEW_UNKNOWN:
        matrix = np.zeros((len(lines), len(cells)))
        np.add.at(matrix, (rows, columns), signs)
        left -= _moved(matrix, truth, wanted)
    if not left:
        return []
    from scipy.optimize import linprog  # noqa: PLC0415  # heavy, and seldom needed
    from scipy.sparse import csr_array  # noqa: PLC0415

    # What is not shown adds up to what the truth adds up to; nobody is named who
    # is not there, so each is at least one.
    equations = csr_array((signs, (rows, columns)), shape=(len(lines), len(cells)))
    rights = equations @ truth
    for direction in _directions(len(cells), left):
        found = linprog(
            direction, A_eq=equations, b_eq=rights, bounds=(1, None), method="highs"
        )
        if found.x is not None:
            far = np.flatnonzero(np.abs(found.x - truth) >= 1 - _TOLERANCE)
            left.difference_update(far.tolist())
    return sorted(left)


def _moved(matrix: FloatArray, truth: Int64Array, wanted: Sequence[int]) -> set[int]:
    """Return wanted cells for which another solution is at hand.

    A direction that no equation sees is followed until a cell is down to one
    customer. Of each wanted cell the projection on all such directions is tried,
    within the cells that have room, and then within all.
    """
    found: set[int] = set()
    roomy = truth > 1
    for inside in (roomy, np.ones(len(truth), dtype=bool)):
        _, sizes, right = np.linalg.svd(matrix[:, inside])
        rank = int((sizes > _TOLERANCE).sum())
        basis = right[rank:]
        places = np.flatnonzero(inside)
        for cell in wanted:
            if cell in found or not inside[cell]:
                continue
            along = np.zeros(len(truth))
            along[places] = basis.T @ basis[:, np.searchsorted(places, cell)]
            for way in (along, -along):
                down = way < -_TOLERANCE
                if abs(way[cell]) <= _TOLERANCE or not down.any():
                    continue
                reach = ((truth[down] - 1) / -way[down]).min()
                if reach * abs(way[cell]) >= 1 - _TOLERANCE:
                    found.add(cell)
                    break
    return found


def _directions(size: int, left: Collection[int]) -> Iterator[FloatArray]:
    """Yield where to look: at random first, then at each cell that is still left."""
    random = np.random.default_rng(_SEED)
    for _ in range(_RANDOM_DIRECTIONS):
        # For a few cells it is quicker to look at each.
        if 2 * len(left) > _RANDOM_DIRECTIONS:
            yield random.choice([-1.0, 1.0], size)
    for place, sign in product(sorted(left), (-1.0, 1.0)):
        if place in left:
            direction = np.zeros(size)
            direction[place] = sign
            yield direction
