"""The decorator: any kind of answer about any kind of frame, judged or refused."""

import inspect

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fairness as fa
from fairness.errors import AudienceBlockedError, InputError
from pipelines.gate import Judged, gated

TERMS = {"by": "gender", "id": "customer_id", "offer": "beneficial"}

FRAMES = {
    "pandas": lambda frame: frame,
    "pandas, another index": lambda frame: frame.set_index(frame.index * 3 + 7),
    "polars": pl.from_pandas,
    "polars, lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "duckdb": lambda frame: duckdb.from_arrow(
        pa.Table.from_pandas(frame, preserve_index=False)
    ),
}


def arrow_of(frame):
    if isinstance(frame, pd.DataFrame):
        return pa.Table.from_pandas(frame, preserve_index=False)
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame.to_arrow()
    return frame if isinstance(frame, pa.Table) else frame.to_arrow_table()


def mask_of(frame, column, mark=50):
    return [value >= mark for value in arrow_of(frame)[column].to_pylist()]


def ids_of(frame, column, mark=50):
    ids = arrow_of(frame)["customer_id"].to_pylist()
    picked = mask_of(frame, column, mark)
    return [one for one, taken in zip(ids, picked, strict=True) if taken]


@pytest.mark.parametrize("kind", FRAMES)
def test_ids_are_judged_on_every_frame(customers, attributes, kind):
    @gated(protected=attributes, **TERMS)
    def pick(frame, column):
        return ids_of(frame, column)

    frame = FRAMES[kind](customers)
    assert pick(frame, "even") == ids_of(frame, "even")
    with pytest.raises(AudienceBlockedError, match=r"block: .*gender f") as caught:
        pick(frame, "uneven")
    assert caught.value.verdict == "block"
    assert pick.judge(frame, "even").verdict == "clear"
    assert pick.judge(frame, column="uneven").verdict == "block"


MASKS = {
    "list": lambda mask, _: mask,
    "numpy": lambda mask, _: np.array(mask),
    "pandas": lambda mask, index: pd.Series(mask, index=index),
    "pandas, nullable": lambda mask, index: pd.Series(
        mask, index=index, dtype="boolean"
    ),
    "polars": lambda mask, _: pl.Series(mask),
    "pyarrow": lambda mask, _: pa.chunked_array([mask]),
}


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("kind", MASKS)
def test_masks_are_judged_whatever_they_are_made_of(
    customers, attributes, aligned, kind, joined
):
    terms = TERMS if joined else {"by": "gender", "offer": "beneficial"}

    @gated(protected=attributes if joined else aligned, **terms)
    def pick(frame, column):
        return MASKS[kind](mask_of(frame, column), frame.index)

    frame = customers if joined else customers[["even", "uneven"]]
    found = pick(frame, "even")
    assert np.array(found).tolist() == mask_of(frame, "even")
    with pytest.raises(AudienceBlockedError, match="block"):
        pick(frame, "uneven")


IDS = {
    "list": list,
    "set": set,
    "tuple": tuple,
    "numpy": np.array,
    "pandas": pd.Series,
    "index": pd.Index,
    "polars": pl.Series,
    "pyarrow": pa.array,
    "frame": lambda ids: pd.DataFrame({"customer_id": ids}),
    "polars frame": lambda ids: pl.DataFrame({"customer_id": ids}).lazy(),
}


@pytest.mark.parametrize("kind", IDS)
def test_every_answer_gives_the_verdict_of_its_audit(customers, attributes, kind):
    @gated(protected=attributes, **TERMS)
    def pick(frame):
        return IDS[kind](ids_of(frame, "uneven", 40))

    audit = fa.audit(
        customers,
        audience=ids_of(customers, "uneven", 40),
        protected=attributes,
        **TERMS,
    )
    judged = pick.judge(customers)
    assert judged.audit.counts.fingerprint == audit.counts.fingerprint
    assert judged.verdict == audit.gate().verdict == "block"


def test_whole_numbers_and_their_texts_are_one_id(attributes):
    place = np.arange(2_000)
    frame = pd.DataFrame({"customer_id": place.astype(float), "even": place % 7})
    aside = pd.DataFrame(
        {"customer_id": place, "gender": np.where(place % 2, "f", "m")}
    )

    @gated(protected=aside, **TERMS)
    def pick(customers):
        return [str(one) for one in place if one % 7 < 3]

    assert len(pick(frame)) == sum(place % 7 < 3)


def cut(frame, marks):
    """Return a frame of labels by id: how many of the marks a customer reaches."""
    labels = np.searchsorted(marks, frame["even"], side="right").astype(str)
    return pd.DataFrame({"customer_id": frame["customer_id"], "tier": labels})


@pytest.fixture
def tiers(attributes):
    return gated(protected=attributes, segment="tier", **TERMS)


def test_every_segment_is_judged(customers, attributes, tiers):
    @tiers
    def fair(frame):
        return cut(frame, [25, 50, 75]).sample(frac=1, random_state=1)

    @tiers
    def unfair(frame):
        found = cut(frame, [25, 50, 75])
        women = set(attributes.loc[attributes["gender"] == "f", "customer_id"])
        moved = found["customer_id"].isin(women) & (found["tier"] == "3")
        found.loc[moved & (np.arange(len(found)) % 2 == 0), "tier"] = "0"
        return found

    assert len(fair(customers)) == len(customers)
    judged = fair.judge(customers)
    assert list(judged.decisions) == ["0", "1", "2", "3"]
    counted = {n: d.audit.counts.selected for n, d in judged.decisions.items()}
    expected = cut(customers, [25, 50, 75])["tier"].value_counts().to_dict()
    assert counted == expected
    assert {d.audit.counts.rows for d in judged.decisions.values()} == {len(customers)}
    # Each is judged at a fourth of alpha, and says so.
    (policy,) = judged.decisions["1"].policies
    assert str(policy.alpha) == "0.0125"
    assert "alpha is shared by 4 segments" in judged.decisions["1"].notes[-1]
    with pytest.raises(AudienceBlockedError, match=r"block: .*3: .*gender f"):
        unfair(customers)
    assert unfair.judge(customers).decisions["3"].verdict == "block"
    assert unfair.judge(customers).decision.verdict == "block"


def test_segments_may_be_aligned_and_customers_may_be_in_none(customers, aligned):
    @gated(protected=aligned, segment="tier", by="gender", offer="beneficial")
    def pick(frame):
        tier = pd.Series(np.where(frame["even"] < 50, "low", None), frame.index)
        return pd.DataFrame({"tier": tier.where(frame["even"] < 90, "top")})

    frame = customers[["even"]]
    judged = pick.judge(frame)
    assert judged.decisions["low"].audit.counts.selected == (frame["even"] < 50).sum()
    assert set(judged.decisions) == {"low", "top"}


def test_a_fair_segmentation_into_many_is_seldom_blocked(customers, attributes, tiers):
    @tiers
    def pick(frame, seed):
        drawn = np.random.default_rng(seed).integers(0, 12, len(frame)).astype(str)
        return pd.DataFrame({"customer_id": frame["customer_id"], "tier": drawn})

    verdicts = [pick.judge(customers, seed).verdict for seed in range(40)]
    # At 5 % for all twelve together; at 5 % each nearly half would be.
    assert verdicts.count("block") <= 6


def test_looking_says_what_the_gate_would(customers, attributes):
    @gated(protected=attributes, **TERMS)
    def pick(frame):
        return ids_of(frame, "uneven")

    judged = pick.judge(customers)
    assert isinstance(judged, Judged)
    assert judged.decision.audit is judged.audit
    with pytest.raises(AudienceBlockedError) as caught:
        judged.raise_for_verdict("review")
    with pytest.raises(AudienceBlockedError) as again:
        pick(customers)
    assert str(caught.value) == str(again.value)
    assert judged.reasons[0] in str(again.value)
    assert "block" in repr(judged)


def test_the_function_stays_what_it_was(attributes):
    @gated(protected=attributes, **TERMS)
    def pick(frame, *, column="even"):
        """Pick those above the mark."""
        return ids_of(frame, column)

    assert pick.__name__ == "pick"
    assert pick.__doc__ == "Pick those above the mark."
    assert list(inspect.signature(pick).parameters) == ["frame", "column"]
    assert "pick" in repr(pick)


def test_it_never_sees_what_is_protected(customers, attributes):
    seen = []

    @gated(protected=attributes, **TERMS)
    def pick(frame):
        seen.extend(frame.columns)
        return ids_of(frame, "even")

    pick(customers)
    assert seen == ["customer_id", "even", "uneven"]
    with_gender = customers.merge(attributes)
    with pytest.raises(InputError, match="'gender' is protected"):
        pick(with_gender)

    @gated(protected=attributes, use={"gender": "a women's shelter"}, **TERMS)
    def said(frame):
        return ids_of(frame, "even")

    said(with_gender)
    assert "the profile uses 'gender'" in said.judge(with_gender).audit.notes[0]


ANSWERS = {
    "strangers": (lambda f: ["C00001", "X1"], r"1 ids that are not among .*'X1'"),
    "doubled": (lambda f: ["C00001", "C00001"], "1 ids more than once"),
    "no id": (lambda f: ["C00001", None], "1 rows without an id"),
    "short": (lambda f: [True, False], "2 rows for 6,000 customers"),
    "gaps": (lambda f: [True, None, *[False] * 5_998], "with other values: None"),
    "numbers": (lambda f: [0, 1] * 3_000, "ids that are not among"),
    "other index": (
        lambda f: pd.Series([True] * 6_000, index=range(1, 6_001)),
        "has another index",
    ),
    "nothing": (lambda f: None, "returned a NoneType"),
    "text": (lambda f: "C00001", "returned a str"),
    "generator": (lambda f: (x for x in ["C00001"]), "returned a generator"),
    "mapping": (lambda f: {"C00001": True}, "returned a dict"),
    "other frame": (lambda f: f[["even"]], "'customer_id' is not a column"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_no_selection_is_refused(customers, attributes, kind):
    answer, told = ANSWERS[kind]

    @gated(protected=attributes, **TERMS)
    def pick(frame):
        return answer(frame)

    for ask in (pick, pick.judge):
        with pytest.raises(InputError, match=told):
            ask(customers)


LABELS = {
    "no frame": (lambda f: ["a"] * 6_000, "returned a list, not a frame"),
    "no column": (lambda f: f[["customer_id"]], "'tier' is not a column"),
    "no label": (
        lambda f: pd.DataFrame({"customer_id": f["customer_id"], "tier": None}),
        "segments: there is none",
    ),
    "doubled": (
        lambda f: pd.DataFrame({"customer_id": ["C00001"] * 2, "tier": ["a", "b"]}),
        "1 ids more than once",
    ),
    "short": (lambda f: pd.DataFrame({"tier": ["a"]}), "1 rows for 6,000 customers"),
}


@pytest.mark.parametrize("kind", LABELS)
def test_what_is_no_segmentation_is_refused(customers, tiers, kind):
    answer, told = LABELS[kind]

    @tiers
    def pick(frame):
        return answer(frame)

    with pytest.raises(InputError, match=told):
        pick(customers)


def test_customers_have_to_be_a_frame_in_some_order_or_with_ids(
    customers, attributes, aligned
):
    by_row = gated(protected=aligned, by="gender")

    @by_row
    def mask(frame):
        return [True] * 6_000

    with pytest.raises(InputError, match="given a frame that is not in memory"):
        mask(pl.from_pandas(customers).lazy())
    with pytest.raises(InputError, match="given a list, not a frame"):
        mask([1, 2])
    with pytest.raises(InputError, match="has another index"):
        mask(customers.sample(frac=1, random_state=2)[["even"]])

    @by_row
    def ids(frame):
        return ["C00001"]

    with pytest.raises(InputError, match="no column of ids was named"):
        ids(customers[["even"]])

    @gated(protected=attributes, **TERMS)
    def by_place(frame):
        return [True] * 6_000

    with pytest.raises(InputError, match="rows have no order"):
        by_place(pl.from_pandas(customers).lazy())

    @gated(protected=attributes, **TERMS)
    def by_keyword(*, frame):
        return ids_of(frame, "even")

    with pytest.raises(InputError, match="by keyword only"):
        by_keyword(frame=customers)


def test_an_audience_of_nobody_is_not_clear(customers, attributes):
    @gated(protected=attributes, **TERMS)
    def pick(frame):
        return []

    with pytest.raises(AudienceBlockedError, match="review"):
        pick(customers)


def test_terms_are_checked_when_the_function_is_decorated(attributes):
    with pytest.raises(InputError, match="2 problems"):
        gated(protected=attributes, by=[], fail_on="never")
