"""Our estimators inside scikit-learn's tools, compared with its own where there are any."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  # opens the door to it
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.inspection import DecisionBoundaryDisplay, permutation_importance
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier as PeerKNeighborsClassifier
from sklearn.neighbors import KNeighborsRegressor as PeerKNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from nearplane import (
    KNeighborsClassifier,
    KNeighborsClassifierCV,
    KNeighborsRegressor,
    LinearClassifier,
    LinearClassifierSweep,
    NearestNeighbors,
)
from nearplane.linear_model import LinearClassifierCV

# Noise, so that no distances are equal, and few rows, for there are many tools.
RNG = np.random.default_rng(0)
X, Y = load_digits(n_class=4, return_X_y=True)
X, Y = X[:160] + RNG.normal(0, 1e-3, (160, 64)), Y[:160]
FOLDS = StratifiedKFold(4)


def quick(**params):
    """Return a linear classifier that is trained in no time, always alike."""
    return LinearClassifier(max_epochs=3, batch_size=16, random_state=0, **params)


CLASSIFIERS = {
    "neighbours": KNeighborsClassifier(3),
    "neighbours, chosen": KNeighborsClassifierCV([1, 3], cv=3),
    "linear": quick(),
    "linear, swept": LinearClassifierSweep(quick(), {"alpha": [0, 0.1]}, random_state=0),
    "linear, chosen": LinearClassifierCV(alpha=[0, 0.1], estimator=quick(), cv=3, random_state=0),
}
every_classifier = pytest.mark.parametrize(
    "model", CLASSIFIERS.values(), ids=[name.replace(" ", "-") for name in CLASSIFIERS]
)
PEERS = [
    (KNeighborsClassifier(), PeerKNeighborsClassifier(), Y),
    (KNeighborsRegressor(), PeerKNeighborsRegressor(), X[:, 20] + Y),
]


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def by_hand(model, y=Y, X=X):
    """Scores of a model fitted to each fold's training rows."""
    return [
        clone(model).fit(X[training], y[training]).score(X[test], y[test])
        for training, test in FOLDS.split(X, y)
    ]


@pytest.mark.parametrize(("ours", "peer", "y"), PEERS)
def test_grid_search_finds_the_same_with_ours(ours, peer, y):
    grid = {
        "n_neighbors": [1, 4],
        "weights": ["uniform", "distance"],
        "metric": ["euclidean", "manhattan"],
    }
    cv = list(GroupKFold(3).split(X, y, np.arange(160) % 7))
    found, expected = (GridSearchCV(model, grid, cv=cv) for model in (ours, peer))
    found.fit(X, y)
    expected.fit(X, y)
    np.testing.assert_allclose(
        found.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"], rtol=1e-12
    )
    assert found.best_params_ == expected.best_params_
    np.testing.assert_allclose(found.predict(X[:9] + 1), expected.predict(X[:9] + 1), rtol=1e-12)


def test_grid_search_over_a_linear_classifier_is_a_fit_a_fold():
    search = GridSearchCV(quick(), {"alpha": [0.0, 0.1], "loss": ["softmax", "hinge"]}, cv=FOLDS)
    results = search.fit(X, Y).cv_results_
    for row, params in enumerate(results["params"]):
        folds = [results[f"split{fold}_test_score"][row] for fold in range(4)]
        assert folds == by_hand(quick(**params))


def test_random_and_halving_searches_choose_k():
    grid = {"n_neighbors": [1, 2, 3, 5, 8, 13]}
    for search in (
        RandomizedSearchCV(KNeighborsClassifier(), grid, n_iter=4, cv=FOLDS, random_state=0),
        HalvingGridSearchCV(
            KNeighborsClassifier(), grid, cv=3, min_resources=60, random_state=0, factor=2
        ),
    ):
        search.fit(X, Y)
        assert search.best_params_["n_neighbors"] in grid["n_neighbors"]
        assert search.score(X, Y) > 0.9


def test_halving_can_ration_epochs():
    search = HalvingGridSearchCV(
        quick(), {"alpha": [0, 1e-3, 1e-2, 0.1]}, resource="max_epochs", max_resources=16, cv=3
    )
    search.set_params(factor=2, min_resources=4, random_state=0).fit(X, Y)
    assert search.n_resources_ == [4, 8, 16]
    assert search.best_estimator_.max_epochs == 16


@every_classifier
def test_cross_validation_is_a_fit_a_fold(model):
    scores = cross_validate(model, X, Y, cv=FOLDS, return_train_score=True, error_score="raise")
    assert scores["test_score"].tolist() == by_hand(model)
    assert scores["train_score"].min() > 0.7


@every_classifier
def test_cross_predictions_come_from_the_other_folds(model):
    predicted = cross_val_predict(model, X, Y, cv=FOLDS)
    for training, test in FOLDS.split(X, Y):
        alone = clone(model).fit(X[training], Y[training])
        np.testing.assert_array_equal(predicted[test], alone.predict(X[test]))
    parts = cross_val_predict(model, X, Y, cv=FOLDS, method="predict_proba")
    assert parts.shape == (160, 4)
    np.testing.assert_allclose(parts.sum(axis=1), 1, rtol=1e-6)


@every_classifier
def test_clones_and_pickles_answer_alike(model):
    fitted = clone(model).fit(X[:120], Y[:120])
    copies = [clone(fitted).fit(X[:120], Y[:120]), pickle.loads(pickle.dumps(fitted))]
    for copy in copies:
        np.testing.assert_array_equal(copy.predict_proba(X), fitted.predict_proba(X))
        assert str(copy.get_params()) == str(fitted.get_params())


@every_classifier
def test_pipelines_end_in_them_and_hand_on_frames(model):
    frame = pd.DataFrame(X[:, 16:40]).rename(columns="pixel {}".format)
    pipeline = make_pipeline(StandardScaler(), clone(model)).set_output(transform="pandas")
    pipeline.fit(frame, Y)
    assert pipeline[-1].feature_names_in_.tolist() == frame.columns.tolist()
    plain = make_pipeline(StandardScaler(), clone(model)).fit(frame.to_numpy(), Y)
    np.testing.assert_array_equal(pipeline.predict(frame), plain.predict(frame.to_numpy()))
    with pytest.raises(ValueError, match="feature names"):
        pipeline[-1].predict(pipeline[:-1].transform(frame)[frame.columns[::-1]])
    both = ColumnTransformer(
        [("upper", StandardScaler(), slice(0, 12)), ("lower", MinMaxScaler(), slice(12, 24))]
    ).set_output(transform="pandas")
    assert make_pipeline(both, clone(model)).fit(frame, Y).score(frame, Y) > 0.7


def test_parameters_within_a_pipeline_can_be_searched_and_cached(tmp_path):
    steps = FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())])
    pipeline = make_pipeline(steps, KNeighborsClassifier(), memory=str(tmp_path))
    grid = {"kneighborsclassifier__n_neighbors": [1, 3], "kneighborsclassifier__metric": ["l1"]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, Y)
    assert search.best_score_ > 0.9
    chosen = KNeighborsClassifierCV([1, 3], metric="l1", cv=3).fit(steps.fit_transform(X), Y)
    assert chosen.best_score_ == pytest.approx(search.best_score_, abs=0.02)


@every_classifier
def test_searches_may_run_in_threads(model):
    with joblib.parallel_backend("threading", n_jobs=2):
        scores = cross_validate(model, X, Y, cv=FOLDS, error_score="raise")["test_score"]
    assert scores.tolist() == by_hand(model)


def test_curves_over_rows_and_over_a_parameter():
    cv = FOLDS
    sizes, _, scores = learning_curve(KNeighborsClassifier(1), X, Y, train_sizes=[6, 100], cv=cv)
    assert sizes.tolist() == [6, 100]
    assert scores[1].mean() > scores[0].mean()
    _, scores = validation_curve(
        KNeighborsClassifier(), X, Y, param_name="n_neighbors", param_range=[1, 5, 40], cv=cv
    )
    chosen = KNeighborsClassifierCV([1, 5, 40], metric="l2", cv=cv).fit(X, Y).cv_results_
    splits = [chosen[f"split{split}_test_score"] for split in range(4)]
    np.testing.assert_array_equal(scores, np.transpose(splits))


@every_classifier
def test_ensembles_are_made_of_them(model):
    voting = VotingClassifier(
        [("one", clone(model)), ("two", PeerKNeighborsClassifier(3))], voting="soft"
    )
    stacking = StackingClassifier([("one", clone(model))], quick(), cv=2)
    bagging = BaggingClassifier(clone(model), n_estimators=2, random_state=0)
    calibrated = CalibratedClassifierCV(clone(model), cv=2, method="temperature")
    for ensemble in (voting, bagging, calibrated, stacking):
        assert ensemble.fit(X[:120], Y[:120]).score(X[120:], Y[120:]) > 0.7


def test_several_labels_are_learned_one_by_one():
    y = np.stack([Y % 2, Y // 2], axis=1)
    several = MultiOutputClassifier(KNeighborsClassifierCV([1, 3], cv=3)).fit(X, y)
    assert several.score(X, y) > 0.9
    against_rest = OneVsRestClassifier(quick()).fit(X, Y)
    assert against_rest.score(X, Y) > 0.9
    at_once = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=3).fit(X, y)
    assert at_once.best_score_ > 0.9


def test_targets_of_a_regressor_may_be_transformed():
    y = np.exp(X[:, 20] / 8)
    ours = TransformedTargetRegressor(KNeighborsRegressor(3), func=np.log, inverse_func=np.exp)
    peer = TransformedTargetRegressor(PeerKNeighborsRegressor(3), func=np.log, inverse_func=np.exp)
    found, expected = (model.fit(X, y).predict(X + 0.1) for model in (ours, peer))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_features_are_judged_and_chosen_by_them():
    few = X[:, 18:23]
    found, expected = (
        permutation_importance(judge.fit(few, Y), few, Y, n_repeats=2, random_state=0).importances
        for judge in (KNeighborsClassifier(3), PeerKNeighborsClassifier(3))
    )
    np.testing.assert_array_equal(found, expected)
    found, expected = (
        SequentialFeatureSelector(judge, n_features_to_select=1, cv=2).fit(few, Y).get_support()
        for judge in (KNeighborsClassifier(3), PeerKNeighborsClassifier(3))
    )
    assert found.tolist() == expected.tolist()


@every_classifier
def test_displays_of_scikit_learn_draw_them(model):
    from matplotlib.figure import Figure

    fitted = clone(model).fit(X[:, [20, 21]], Y)
    axes = Figure().subplots(2)
    boundary = DecisionBoundaryDisplay.from_estimator(
        fitted, X[:, [20, 21]], response_method="predict", grid_resolution=10, ax=axes[0]
    )
    assert set(np.unique(boundary.response)) <= set(range(4))
    matrix = ConfusionMatrixDisplay.from_estimator(fitted, X[:, [20, 21]], Y, ax=axes[1])
    assert matrix.confusion_matrix.sum() == 160


def test_graphs_of_neighbours_feed_other_tools():
    from sklearn.cluster import SpectralClustering

    graph = NearestNeighbors(n_neighbors=30).fit(X).kneighbors_graph()
    clusters = SpectralClustering(4, affinity="precomputed", random_state=0)
    labels = clusters.fit_predict(graph + graph.T)
    purity = sum(np.bincount(Y[labels == label]).max() for label in set(labels)) / 160
    assert purity > 0.8


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("model", [KNeighborsClassifier(3), quick()], ids=["neighbours", "linear"])
def test_sample_weights_are_routed_where_they_are_asked_for(model):
    weight = RNG.integers(1, 4, 160).astype(float)
    with pytest.raises(UnsetMetadataPassedError):
        cross_validate(model, X, Y, params={"sample_weight": weight}, error_score="raise")
    asking = clone(model).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    expected = [
        clone(model).fit(X[a], Y[a], sample_weight=weight[a]).score(X[b], Y[b], weight[b])
        for a, b in FOLDS.split(X, Y)
    ]
    found = cross_validate(asking, X, Y, cv=FOLDS, params={"sample_weight": weight})
    assert found["test_score"].tolist() == expected
    search = GridSearchCV(make_pipeline(asking), {}, cv=FOLDS)
    search.fit(X, Y, sample_weight=weight)
    assert search.best_score_ == np.mean(expected)


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize(
    "model",
    [
        KNeighborsClassifierCV([1, 3], cv=GroupKFold(3)),
        LinearClassifierCV(alpha=[0, 0.1], estimator=quick(), cv=GroupKFold(3), random_state=0),
    ],
    ids=["neighbours", "linear"],
)
def test_groups_reach_the_inner_folds_of_nested_cross_validation(model):
    groups = np.arange(160) // 8
    seen = []

    class Watching(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append(len(np.unique(groups)))
            return super().split(X, y, groups)

    model = clone(model).set_params(cv=Watching(3))
    scores = cross_validate(
        model, X, Y, cv=GroupKFold(2), params={"groups": groups}, error_score="raise"
    )
    assert seen == [10, 10]
    assert scores["test_score"].min() > 0.7
