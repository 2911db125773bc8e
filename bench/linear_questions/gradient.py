"""Ask how long the loss of all rows and its gradient take, and how near that is to the limits.

Two products of X with a narrow matrix: 2 x n_rows x n_features x n_classes multiply-adds, and X to
be read from memory at least once. The limit of the first is what --limit float32=... says, or the
speed of NumPy's square matrix product; that of the second is one pass over float32 rows, NumPy's
product with a vector. Both are timed in the same rounds.
"""

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from harness.agreement import WrongAnswerError
from harness.contest import Line, Verdict, as_results, race, table_rows
from harness.methods import Array
from harness.output import print_table, watching
from harness.timing import Contender
from harness.training import Features, Gradient, LinearAdapter, Rows
from linear_peers.nearplane_linear import ADAPTER as OURS
from linear_peers.numpy_loop import reference_gradient

# Rounded to float32, one or another of the 450,000 violations of a hinge lies on the other side of
# 0, and moves the gradient by some 1e-4 of its length, whoever computes it.
_ALLOWED_ERROR = 1e-3
# Weights that give scores of about 1 on either form of the features.
_WEIGHT_SCALES = {"float32": 1e-2, "uint8": 1e-4}
_SQUARE = 2_048


def ask(
    features: Features, adapters: dict[str, LinearAdapter], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Time loss and gradient for every type of data and loss."""
    results = []
    for dtype in options.dtypes:
        # Bytes are taken as they are here; whoever cannot read them gets a float32 copy of them.
        raw = features[dtype]
        given = Rows(raw.X, raw.y)
        copy = given if dtype == "float32" else Rows(raw.X.astype(np.float32), raw.y)
        for loss in options.losses:
            rows = {"float32": copy, dtype: given}
            results.append(_one_case(rows, dtype, loss, adapters, options))
    return results


def _one_case(
    rows: dict[str, Rows],
    dtype: str,
    loss: str,
    adapters: dict[str, LinearAdapter],
    options: argparse.Namespace,
) -> dict[str, Any]:
    X = rows[dtype].X
    title = f"Loss and gradient of all rows, {loss}, {dtype}: {len(X):,} rows of {X.shape[1]:,}"
    contenders, verdicts = [], []
    with watching(title) as report:
        W, b = _weights(rows[dtype], dtype)
        reference = reference_gradient(rows[dtype], loss, W, b)
        for adapter in (OURS, *adapters.values()):
            for method in adapter.gradients(dtype, options.threads):
                copied = "" if method.reads == dtype else f" ({method.reads} copy)"
                report(f"checking {method.name}")
                run = method.build(rows[method.reads], loss)
                answer = run(W, b)
                itemsize = rows[method.reads].X.itemsize
                verdicts.append(_judge(method.name, answer, reference, itemsize))
                contenders.append(Contender(method.name + copied, _bind(run, W, b), len(X)))
        limits = _limit_contenders(rows["float32"].X)
        lines = race(contenders + limits, verdicts + [({}, {})] * 2, options.repeats, report)
    gradients, (product, one_pass) = lines[:-2], lines[-2:]
    print_table(title, *table_rows(gradients, "rows"))
    known = dict(options.limit).get("float32")
    limits_found = _Limits(
        peak=known or _SQUARE**2 * X.shape[1] / product.timing.median_seconds,
        peak_source="the limit given" if known else "NumPy's product of large matrices",
        bandwidth=rows["float32"].X.nbytes / one_pass.timing.median_seconds,
    )
    _print_shares(gradients, 2 * X.size * len(b), X.size, limits_found)
    return {
        "loss": loss,
        "dtype": dtype,
        "lines": as_results(gradients),
        "limits": asdict(limits_found),
    }


@dataclass(frozen=True)
class _Limits:
    """Multiply-adds and bytes a second."""

    peak: float
    peak_source: str
    bandwidth: float


def _limit_contenders(X: Array) -> list[Contender]:
    wide = np.random.default_rng(0).normal(size=(X.shape[1], _SQUARE)).astype(np.float32)
    tall = np.ascontiguousarray(np.resize(X, (_SQUARE, X.shape[1])))
    ones = np.ones(X.shape[1], np.float32)
    contenders = [
        Contender("NumPy's product of large matrices", lambda: tall @ wide, _SQUARE),
        Contender("one pass: NumPy's product with a vector", lambda: X @ ones, len(X)),
    ]
    for contender in contenders:
        contender.run()
    return contenders


def _print_shares(lines: list[Line], operations: int, n_values: int, limits: _Limits) -> None:
    rows = []
    for line in lines:
        seconds = line.timing.median_seconds
        n_bytes = n_values * line.verdict[1]["bytes_per_value"]
        rows.append(
            [
                line.timing.label,
                f"{operations / seconds / 1e9:.1f}",
                f"{operations / seconds / limits.peak:.0%}",
                f"{n_bytes / seconds / 1e9:.1f}",
                f"{n_bytes / seconds / limits.bandwidth:.0%}",
            ]
        )
    title = (
        f"Against the limits: {limits.peak / 1e9:.0f} G multiply-adds/s ({limits.peak_source}), "
        f"{limits.bandwidth / 1e9:.1f} GB/s (one pass over float32 rows)"
    )
    columns = [
        "library",
        "G multiply-adds/s",
        "of the peak",
        "GB/s if X is read once",
        "of the bandwidth",
    ]
    print_table(title, columns, rows)


def _bind(run: Gradient, W: Array, b: Array) -> Callable[[], object]:
    return lambda: run(W, b)


def _judge(
    label: str,
    found: tuple[float, Array, Array],
    reference: tuple[float, Array, Array],
    n_bytes: int,
) -> Verdict:
    loss_error = abs(found[0] - reference[0]) / abs(reference[0])
    errors = [
        float(np.linalg.norm(part - true) / np.linalg.norm(true))
        for part, true in zip(found[1:], reference[1:], strict=True)
    ]
    error = max(loss_error, *errors)
    if not error <= _ALLOWED_ERROR:
        raise WrongAnswerError(f"{label}: loss or gradient is off by {error}")
    texts = {"error of loss": f"{loss_error:.0e}", "of gradient": f"{max(errors):.0e}"}
    return texts, {"error": error, "bytes_per_value": n_bytes}


def _weights(rows: Rows, dtype: str) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    W = rng.normal(scale=_WEIGHT_SCALES[dtype], size=(rows.X.shape[1], rows.n_classes))
    return W.astype(np.float32), np.zeros(rows.n_classes, np.float32)
