"""Ask how long an iteration of k-means takes on whitened patches, and what inertia it leads to.

Everybody starts from the same centres, does the same number of iterations in float32, and may not
stop before. The inertia of what everybody returns is measured by one function, in float64. A run
is timed as a whole: seeds are given, and all but faiss assign the rows once more at the end.
"""

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import faiss
import numpy as np
import sklearn.cluster
import sklearnex.cluster
from sklearn.exceptions import ConvergenceWarning

from harness.contest import Verdict, as_results, race, table_rows
from harness.methods import Array
from harness.output import print_table, watching
from harness.timing import Contender
from nearplane import KMeans, argkmin
from nearplane.datasets import ImageDataset
from nearplane.features._patches import draw_patches, normalize_patches
from nearplane.preprocessing import ZCAWhitening

PEERS = ["faiss-cpu", "scikit-learn-intelex"]

_PATCH_SIZE = 6
_CONTRAST = 10.0
_REGULARISATION = 0.1
# What rounding in float32, and the ties it breaks, may make of the inertia after some iterations.
_TOLERANCE = 1e-3


def ask(dataset: ImageDataset, options: argparse.Namespace) -> dict[str, Any]:
    """Compare inertias, then race."""
    faiss.omp_set_num_threads(options.threads)
    n_iter = options.iterations
    patches = _whitened_patches(dataset.X_train, options.patches)
    rng = np.random.default_rng(0)
    start = patches[np.sort(rng.permutation(len(patches))[: options.clusters])]
    title = (
        f"k-means: {len(patches):,} whitened patches of {patches.shape[1]} features, "
        f"{len(start):,} centres, {n_iter} iterations"
    )
    peers: dict[str, Callable[[Array, Array, int], Array]] = {
        "nearplane": partial(_by_nearplane, options.threads),
        "nearplane, 1 thread": partial(_by_nearplane, 1),
        "scikit-learn, lloyd": partial(_by_scikit_learn, "lloyd"),
        "scikit-learn, elkan": partial(_by_scikit_learn, "elkan"),
        "faiss": _by_faiss,
        "scikit-learn-intelex": _by_intelex,
    }
    contenders, verdicts = [], []
    ours = None
    with watching(title) as report, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name, run in peers.items():
            report(f"checking {name}")
            inertia = _inertia(patches, run(patches, start, n_iter))
            ours = inertia if ours is None else ours
            verdicts.append(_judge(name, inertia, ours))
            contenders.append(Contender(name, partial(run, patches, start, n_iter), n_iter))
        lines = race(contenders, verdicts, options.repeats, report)
    print_table(title, *table_rows(lines, "iterations", 2))
    return {"n_patches": len(patches), "n_clusters": len(start), "lines": as_results(lines, 2)}


def _whitened_patches(images: Array, n_patches: int) -> Array:
    """Return random patches, contrast-normalised and whitened, as visual words are learned of."""
    size = (_PATCH_SIZE, _PATCH_SIZE)
    patches = draw_patches(images, size, n_patches, np.random.RandomState(1))
    normalize_patches(patches, _CONTRAST)
    whitened: Array = ZCAWhitening(regularisation=_REGULARISATION).fit_transform(patches)
    return whitened


def _by_nearplane(n_threads: int, patches: Array, start: Array, n_iter: int) -> Array:
    model = KMeans(len(start), init=start, max_iter=n_iter, tol=0, n_jobs=n_threads)
    return model.fit(patches).cluster_centers_


def _by_scikit_learn(algorithm: str, patches: Array, start: Array, n_iter: int) -> Array:
    # Not with copy_x=False, which alters the last bits of the patches for all who follow.
    model = sklearn.cluster.KMeans(
        len(start), init=start, n_init=1, max_iter=n_iter, tol=0, algorithm=algorithm
    )
    centers: Array = model.fit(patches).cluster_centers_
    return centers


def _by_intelex(patches: Array, start: Array, n_iter: int) -> Array:
    model = sklearnex.cluster.KMeans(len(start), init=start, n_init=1, max_iter=n_iter, tol=0)
    centers: Array = model.fit(patches).cluster_centers_
    return centers


def _by_faiss(patches: Array, start: Array, n_iter: int) -> Array:
    model = faiss.Kmeans(
        patches.shape[1],
        len(start),
        niter=n_iter,
        max_points_per_centroid=len(patches),  # or it would take some of them only
        min_points_per_centroid=1,
    )
    model.train(patches, init_centroids=start)
    return np.asarray(model.centroids)


def _inertia(patches: Array, centers: Array) -> float:
    """Return the sum of squared distances to the nearest centres, by differences in float64."""
    squared, _ = argkmin(patches, centers, 1, metric="sqeuclidean")
    return float(squared.sum())


def _judge(name: str, inertia: float, ours: float) -> Verdict:
    """Stop unless the iterations of a peer were worth what ours were."""
    apart = inertia / ours - 1
    if not abs(apart) <= _TOLERANCE:
        raise SystemExit(f"{name}: inertia differs by {apart:.1e}")
    return {"inertia": f"{inertia:.6e}"}, {"inertia": inertia, "relative_difference": apart}
