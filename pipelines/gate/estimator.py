"""FairnessGate: a scikit-learn estimator that hands out no audience unjudged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from fairness.errors import InputError, Problem, alternatives, shown
from pipelines.gate.judging import judge_selection, refuse_protected
from pipelines.gate.rows import (
    columns_of,
    id_column,
    ids_of,
    refuse_other_index,
    rows_of,
    without_column,
)
from pipelines.gate.terms import Terms
from pipelines.targeting.cuts import rounded, select_above, select_top, share_of

if TYPE_CHECKING:
    from fairness.auditing import Offer
    from fairness.policy import Policy

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_BINARY = 2


def _has_score(gate: FairnessGate) -> bool:
    return hasattr(getattr(gate, "estimator_", gate.estimator), "score")


class FairnessGate(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Fit any estimator; hand out the audience it picks only where that has passed.

    `fit` fits the wrapped estimator, and nothing protected reaches it. `predict` picks
    the audience among all rows it is given, judges it as a whole by the policies, and
    returns it, or raises `AudienceBlockedError` and returns nothing.

    Parameters
    ----------
    estimator : scikit-learn estimator
        Cloned before it is fitted.
    by : str or sequence of str
        Protected attributes: columns of the protected table.
    id : str, optional
        Column of the customer id in the protected table. Where the customers have it
        too, it is kept from the estimator. Without it the protected table is aligned
        with the customers, row by row.
    top : int, optional
        Select so many, the highest scores first.
    top_share : float, optional
        Select such a share of the rows, rounded down.
    at_least : float, optional
        Select from this score up. Without any of the three those are selected for
        whom the estimator predicts `positive`.
    positive : label, default 1
        The class that is to be selected.
    policies, bands, as_of, intersections, offer, reference, min_expected, confidence
        As in `Terms`.
    use : mapping of str to str, optional
        Protected columns that the estimator may read, each with the reason why.
    fail_on : {"review", "block"}
        See `Terms`.
    draw : str, default "gate"
        Names the lots that break ties; the name of a campaign breaks them as its run.

    Attributes
    ----------
    estimator_ : estimator
        As it was fitted.
    decision_, audit_
        Of the last `predict`, blocked or not: for looking at.

    Notes
    -----
    The score is the probability of `positive`, else the decision function, else the
    prediction of a regressor. It is compared with 12 decimals; NaN is never selected.
    Ties go by lot of the id, or of the place where there is no id.

    `predict_proba` and its like are not offered, so that nobody is picked one by one
    from scores that were never judged. Who has the object can still ask
    ``estimator_``: this is a gate for an honest pipeline, not a vault. A single row,
    or rows of one group only, cannot be compared with anything, and are refused.

    Names of columns are known of frames only. Behind a transformer that makes arrays,
    protected columns go unseen: wrap the whole pipeline,
    ``FairnessGate(make_pipeline(…), …)``. With metadata routing on, `fit` and `score`
    pass on what the wrapped estimator requests, and a pipeline that ends in a gate
    needs ``set_predict_request(protected=True, id=True)``. `score` is the wrapped
    estimator's, so that a grid search over ``estimator__…`` works.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> place = np.arange(4_000)
    >>> X = pd.DataFrame({"orders": place % 10})
    >>> attributes = pd.DataFrame({"gender": np.where(place % 20 < 10, "f", "m")})
    >>> gate = FairnessGate(
    ...     LogisticRegression(), by="gender", top_share=0.2, offer="beneficial")
    >>> gate = gate.fit(X, place % 10 > 4)
    >>> int(gate.predict(X, protected=attributes).sum()), gate.decision_.verdict
    (800, 'clear')
    """

    def __init__(
        self,
        estimator: Any,
        *,
        by: str | Sequence[str],
        id: str | None = None,  # noqa: A002  # the contract's name
        top: int | None = None,
        top_share: float | Decimal | None = None,
        at_least: float | None = None,
        positive: Any = 1,
        policies: str | Path | Policy | Sequence[str | Path | Policy] | None = None,
        bands: Mapping[str, Sequence[float | str]] | None = None,
        as_of: str | date | None = None,
        intersections: int = 1,
        offer: Offer | None = None,
        reference: str | None = None,
        min_expected: float = 20,
        confidence: float = 0.95,
        use: Mapping[str, str] | None = None,
        fail_on: Literal["review", "block"] = "review",
        draw: str = "gate",
    ) -> None:
        self.estimator = estimator
        self.by = by
        self.id = id
        self.top = top
        self.top_share = top_share
        self.at_least = at_least
        self.positive = positive
        self.policies = policies
        self.bands = bands
        self.as_of = as_of
        self.intersections = intersections
        self.offer = offer
        self.reference = reference
        self.min_expected = min_expected
        self.confidence = confidence
        self.use = use
        self.fail_on = fail_on
        self.draw = draw

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:  # noqa: N803
        """Fit the wrapped estimator.

        Parameters
        ----------
        X : table or array
        y : array, optional
        **params : dict
            Passed to the estimator's `fit`; with metadata routing, what it requests.

        Raises
        ------
        InputError
            X has protected columns that nobody said why to use; a setting is out of
            range.
        """
        terms = self._terms()
        refuse_protected(columns_of(X), terms)
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params).estimator.fit
        fitted = clone(self.estimator)
        self.estimator_ = fitted.fit(without_column(X, self.id), y, **params)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict(
        self,
        X: Any,  # noqa: N803
        *,
        protected: Any = None,
        id: Any = None,  # noqa: A002  # the contract's name
    ) -> IntArray:
        """Return the audience where it has passed.

        Parameters
        ----------
        X : table or array
            All customers that the audience is picked from.
        protected : table or path
            Their protected attributes, by id or aligned with `X`.
        id : array or list, optional
            Ids by row, where they are no column of `X`.

        Returns
        -------
        int array
            1 for those selected, else 0, in the order of `X`.

        Raises
        ------
        AudienceBlockedError
            The verdict is not clear; nothing is returned. `decision_` tells why.
        InputError
            With every problem of the tables.
        """
        check_is_fitted(self, "estimator_")
        terms = self._terms()
        if protected is None:
            what = "is missing: no audience is handed out unjudged"
            hint = "pass the attributes: predict(X, protected=attributes)"
            raise InputError(Problem("protected", what, hint))
        refuse_protected(columns_of(X), terms, protected)
        size = rows_of(X)
        ids = id_column(X, terms.id) if id is None else ids_of(id, size, terms.id)
        if ids is None:
            refuse_other_index(X, protected)
        taken = self._selected(without_column(X, self.id), ids, size)
        judged = judge_selection(taken, terms, protected, ids, "the audience")
        self.decision_, self.audit_ = judged.decision, judged.audit
        judged.raise_for_verdict(terms.fail_on)
        return taken.astype(np.int64)

    @available_if(_has_score)  # type: ignore[untyped-decorator]
    def score(self, X: Any, y: Any = None, **params: Any) -> float:  # noqa: N803
        """Return the wrapped estimator's score: one number of all rows.

        Parameters
        ----------
        X : table or array
        y : array, optional
        **params : dict
            As in `fit`.
        """
        check_is_fitted(self, "estimator_")
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, "score", **params).estimator.score
        return float(self.estimator_.score(without_column(X, self.id), y, **params))

    def get_metadata_routing(self) -> Any:
        """Return what is passed on to the wrapped estimator, and what is kept here."""
        passed = MethodMapping()
        passed.add(caller="fit", callee="fit").add(caller="score", callee="score")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=passed)

    def __sklearn_tags__(self) -> Any:
        """Return the kind of estimator, for the folds of a grid search."""
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.target_tags = inner.target_tags
        tags.input_tags = inner.input_tags
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        """Whether the wrapped estimator was fitted."""
        return hasattr(self, "estimator_")

    def _terms(self) -> Terms:
        cuts = {"top": self.top, "top_share": self.top_share, "at_least": self.at_least}
        given = [name for name, cut in cuts.items() if cut is not None]
        if len(given) > 1:
            what = f"{alternatives(given)} are given together; at most one is allowed"
            raise InputError(Problem(given[0], what))
        return Terms(
            by=self.by,
            id=self.id,
            policies=self.policies,
            bands=self.bands,
            as_of=self.as_of,
            intersections=self.intersections,
            offer=self.offer,
            reference=self.reference,
            min_expected=self.min_expected,
            confidence=self.confidence,
            use={} if self.use is None else self.use,
            fail_on=self.fail_on,
        )

    def _selected(self, rows: Any, ids: Any, size: int) -> BoolArray:
        if self.top is None and self.top_share is None and self.at_least is None:
            return self._predicted(rows)
        scores = self._scores(rows)
        if self.at_least is not None:
            return select_above(scores, self.at_least)
        number = self.top
        if self.top_share is not None:
            number = share_of(self.top_share, size)
        names = range(size) if ids is None else ids.to_pylist()
        # As a campaign of that name draws at its score.
        return select_top(scores, int(number or 0), names, f"{self.draw}/score")

    def _predicted(self, rows: Any) -> BoolArray:
        found = np.asarray(self.estimator_.predict(rows))
        classes = getattr(self.estimator_, "classes_", None)
        known = np.unique(found) if classes is None else np.asarray(classes)
        is_number = found.dtype.kind in "biuf" and set(known.tolist()) <= {0, 1}
        if self.positive in known.tolist() and len(known) <= _BINARY:
            return np.asarray(found == self.positive, dtype=bool)
        if classes is None and is_number:
            return np.asarray(found == 1, dtype=bool)
        raise InputError(self._unpicked(known))

    def _scores(self, rows: Any) -> FloatArray:
        """Return a score by row, with the digits that two runs agree in."""
        fitted = self.estimator_
        if hasattr(fitted, "predict_proba"):
            classes = np.asarray(fitted.classes_).tolist()
            if self.positive not in classes:
                raise InputError(self._unpicked(np.asarray(classes)))
            scores = fitted.predict_proba(rows)[:, classes.index(self.positive)]
        elif hasattr(fitted, "decision_function"):
            classes = np.asarray(fitted.classes_).tolist()
            if self.positive not in classes or len(classes) != _BINARY:
                raise InputError(self._unpicked(np.asarray(classes)))
            sign = 1 if classes.index(self.positive) == 1 else -1
            scores = sign * np.asarray(fitted.decision_function(rows))
        elif hasattr(fitted, "classes_"):
            what = f"{type(fitted).__name__} makes no score to rank by"
            raise InputError(Problem("estimator", what, "leave the cut out"))
        else:
            scores = fitted.predict(rows)
        return rounded(np.asarray(scores, dtype=np.float64))

    def _unpicked(self, known: NDArray[Any]) -> Problem:
        what = (
            f"{shown(self.positive)} is not one of two classes that are predicted: "
            f"{alternatives(known.tolist())}"
        )
        return Problem("positive", what, "name the class to select: positive='yes'")
