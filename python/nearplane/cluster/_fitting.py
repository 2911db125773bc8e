"""What `KMeans.fit` does once the rows are read: check parameters, start several times, choose."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from nearplane._images import real_dtype
from nearplane._progress import Progress, progress_bar
from nearplane._validation import check_flag, check_integer, check_real, resolve_n_jobs
from nearplane.cluster._lloyd import Clustering, Report, Rows, lloyd
from nearplane.cluster._seeding import Init, check_init, is_drawn, seed_centers

_DRAWS = 10  # of random seeds, if nobody says how many


@dataclass(frozen=True)
class Settings:
    """The parameters of `KMeans`, checked."""

    n_clusters: int
    init: Init
    n_init: int
    max_iter: int
    tol: float
    verbose: bool
    n_threads: int


def check_settings(estimator: Any) -> Settings:
    """Return the parameters of an estimator.

    Raises
    ------
    TypeError, ValueError
        If one is not as `KMeans` describes it.
    """
    check_init(estimator.init)
    n_init = estimator.n_init
    if isinstance(n_init, str):
        if n_init != "auto":
            raise ValueError(f"n_init must be 'auto' or an integer; got {n_init!r}.")
        is_plus_plus = isinstance(estimator.init, str) and estimator.init == "k-means++"
        n_init = 1 if is_plus_plus else _DRAWS
    n_init = check_integer("n_init", n_init, at_least=1)
    return Settings(
        n_clusters=check_integer("n_clusters", estimator.n_clusters, at_least=1),
        init=estimator.init,
        n_init=n_init if is_drawn(estimator.init) else 1,
        max_iter=check_integer("max_iter", estimator.max_iter, at_least=1),
        tol=check_real("tol", estimator.tol, at_least=0),
        verbose=check_flag("verbose", estimator.verbose),
        n_threads=resolve_n_jobs(estimator.n_jobs),
    )


def best_clustering(rows: Rows, settings: Settings, random_state: Any) -> Clustering:
    """Return the best of all starts.

    Raises
    ------
    TypeError, ValueError
        If the centres to start from are not as `KMeans` describes them, or squared distances
        overflow.
    """
    variance = rows.variance()
    if not isfinite(variance * rows.X.size):
        raise ValueError(
            "X holds rows so far apart that their squared distances overflow float64; scale the "
            "values down."
        )
    best: Clustering | None = None
    with progress_bar("k-means", enabled=settings.verbose) as bar:
        for start in range(settings.n_init):
            if bar is not None:
                bar(start / settings.n_init, "(seeds)")
            centers = seed_centers(
                settings.init, rows, settings.n_clusters, real_dtype(rows.X), random_state
            )
            found = lloyd(
                rows,
                centers,
                max_iter=settings.max_iter,
                tolerance=settings.tol * variance,
                report=_report(bar, start, settings),
            )
            if best is None or found.inertia < best.inertia:
                best = found
    assert best is not None
    return best


def _report(bar: Progress | None, start: int, settings: Settings) -> Report | None:
    """Return what shows the state of the iterations of one start."""
    if bar is None:
        return None

    def show(n_iter: int, inertia: float) -> None:
        done = (start + n_iter / settings.max_iter) / settings.n_init
        bar(done, f"(iteration {n_iter}, inertia {inertia:.6g})")

    return show
