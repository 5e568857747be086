"""Whether the creative that a customer gets follows the group they are of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts import count
from fairness.errors import InputError, unknown_name
from fairness.findings.observed import Observed
from fairness.groups import MISSING
from fairness.inference import Association, association, holm
from pipelines.campaign.conduct.compared import chance
from pipelines.campaign.conduct.scene import Params, Scene

_SELECTED = "(selected)"
_CREATIVE = "(creative)"
_MOST_CREATIVES = 50
_FEWEST_EXPECTED = 5.0


def creative_association(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Measure how strongly the creative follows a group, within the audience.

        V = sqrt(chi2 / N / min(k - 1, r - 1)), corrected for bias

    by attribute, with the p-value of the test of independence, adjusted by Holm over
    the attributes. Customers without a creative or a group are left out. Idle where
    the campaign has one creative, or no column of it.

    Raises
    ------
    InputError
        The customers have no such column.
    """
    creative = scene.campaign.creative
    if creative is None or creative.column is None:
        return [Observed.idle("no column of the creative is named (creative.column)")]
    name, customers = creative.column, scene.crm.customers
    if name not in customers.columns:
        raise InputError(
            unknown_name("creative.column", name, customers.columns, "column")
        )
    import narwhals as nw  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    wanted = nw.col(name).cast(nw.String).alias(_CREATIVE)
    shown = _of_audience(scene, customers.select(scene.roles.id, wanted))
    inside = pa.array(scene.selected)
    kinds = len(shown.drop_null().unique())
    if kinds > _MOST_CREATIVES:
        return [
            Observed.missing(f"{name} holds {kinds:,} creatives, too many to compare")
        ]
    if kinds <= 1:
        return [Observed.idle("the audience gets one creative")]
    by = scene.roles.by
    table = scene.walked.table.select(list(by)).filter(inside)
    table = table.append_column(_CREATIVE, shown)
    picked = pa.array(np.ones(table.num_rows, dtype=np.uint8))
    counts = count(
        table.append_column(_SELECTED, picked),
        by=by,
        selected=_SELECTED,
        strata=[_CREATIVE],
        bands=scene.roles.bands,
        as_of=scene.roles.as_of,
        many=by,
    ).counts
    cells = {one: _crossed(counts, one) for one in counts.attributes}
    return _associated(cells, name)


def _of_audience(scene: Scene, frame: Any) -> Any:
    """Return the creative of each of the audience, in the order of the walk."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    found = frame.collect("pyarrow").to_native()
    ids = found[scene.roles.id].cast(scene.ids.type)
    # A table of the audience's ids is smaller than one of all.
    places = pc.index_in(ids, value_set=scene.audience)
    codes = found[_CREATIVE].combine_chunks().dictionary_encode()
    inside = np.asarray(places.is_valid())
    drawn = np.full(len(scene.audience), -1, np.int64)
    of_rows = codes.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    drawn[places.drop_null().to_numpy()] = of_rows[inside]
    taken = pa.array(drawn, mask=drawn < 0)
    return codes.dictionary.take(taken)


def _crossed(counts: Any, attribute: str) -> NDArray[np.int64]:
    """Return the customers by creative and known group."""
    labels = [x for x in counts.stratum_labels(_CREATIVE) if x != MISSING]
    whole = counts.table((attribute,))
    groups = [name for name in whole.groups if name != MISSING]
    found = np.zeros((len(labels), len(groups)), np.int64)
    for row, label in enumerate(labels):
        table = counts.table((attribute,), {_CREATIVE: label})
        sizes = dict(zip(table.groups, table.n.tolist(), strict=True))
        found[row] = [sizes.get(name, 0) for name in groups]
    return found


def _associated(cells: dict[str, NDArray[np.int64]], column: str) -> list[Observed]:
    found: dict[str, Association] = {}
    idle = []
    for attribute, table in cells.items():
        total = max(int(table.sum()), 1)
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
        # The test of independence needs some to be expected in most cells.
        large = expected.mean(axis=0) >= _FEWEST_EXPECTED
        if large.sum() <= 1:
            why = f"{attribute}: too few to tell whether {column} follows it"
            idle.append(Observed(why, status="not_applicable", attribute=attribute))
            continue
        found[attribute] = association(table[:, large])
    p = holm([one.p_value for one in found.values()])
    told = [
        Observed(
            f"{attribute}: {column} follows it with V = {one.cramers_v:.3f} over "
            f"{int(cells[attribute].sum()):,} in the audience, {chance(float(one_p))}",
            value=one.cramers_v,
            attribute=attribute,
            n=int(cells[attribute].sum()),
            p_value=float(one_p),
        )
        for (attribute, one), one_p in zip(found.items(), p, strict=True)
    ]
    return [*told, *idle]
