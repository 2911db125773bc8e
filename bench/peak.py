"""Ask what fraction of the machine's limit the kernels reach, at every ISA level.

The unit is a multiply-add (for L1: an absolute difference added), n_query x n_train x n_features of
them in a search or a matrix. The limit of a processor cannot be measured from Python; beside each
kernel stands the usual practical one, NumPy's matrix product of the same size (of float32, and of
float64 for float64), timed alternately in the same process. What is known of the machine can be
given by --limit, such as --limit int16=210 float32=105, in 1e9 multiply-adds a second for all the
threads; bytes are multiplied as 16-bit integers.
"""

import argparse
from typing import Any

import nearplane
from harness.child import call_in_child
from harness.environment import environment, set_threads
from harness.methods import Array
from harness.options import DTYPES, METRICS, add_limits, add_repeats, load_images, make_parser
from harness.output import finish, print_note, print_table, watching
from harness.timing import Contender, alternate
from nearplane import _core

_K = 10
_TIMEOUT_SECONDS = 3_600
_LIMIT_OF = {"uint8": "int16", "float32": "float32", "float64": "float64"}
_GEMM = "NumPy GEMM {}"


def main() -> None:
    options = _parse()
    results = {}
    for level in options.levels:
        with watching(f"ISA level {level}"):
            outcome = call_in_child(
                "peak:measure", _argument(options), timeout=_TIMEOUT_SECONDS, level=level
            )
        if outcome.failure:
            raise SystemExit(f"level {level}: {outcome.failure}")
        results[level] = outcome.result
        print_table(f"ISA level {level}", *_table(outcome.result, options.limit))
    print_note(f"{options.n_query:,} x {options.n_train:,} rows, k = {_K}")
    described = environment(options.threads) | {"isa_level": ", ".join(options.levels)}
    finish(described, {"multiply_adds_per_second": results}, options.json)


def measure(argument: dict[str, Any]) -> dict[str, float]:
    """Return the multiply-adds a second of every kernel at the level of this process."""
    set_threads(argument["n_threads"])
    images = load_images(argument["data_dir"], argument["n_query"], argument["n_train"])
    contenders = []
    for dtype in DTYPES:
        queries, base = images.queries.astype(dtype), images.base.astype(dtype)
        contenders += _kernels(queries, base, argument["n_threads"])
        if dtype != "uint8":
            contenders.append(_matrix_product(queries, base))
    for contender in contenders:
        contender.run()
    timings = alternate(contenders, argument["repeats"], lambda label: None)
    operations = len(images.queries) * images.base.size
    return {timing.label: operations / timing.median_seconds for timing in timings}


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_query=1_000, n_train=10_000)
    add_repeats(parser)
    levels = _core.available_levels()
    parser.add_argument("--levels", nargs="+", choices=levels, default=levels)
    add_limits(parser, list(_LIMIT_OF.values()))
    return parser.parse_args()


def _argument(options: argparse.Namespace) -> dict[str, Any]:
    names = ("data_dir", "n_query", "n_train", "repeats")
    return {name: getattr(options, name) for name in names} | {"n_threads": options.threads}


def _kernels(queries: Array, base: Array, n_threads: int) -> list[Contender]:
    def search(metric: str) -> Contender:
        label = f"search {metric} {base.dtype}"
        return Contender(
            label,
            lambda: nearplane.argkmin(queries, base, _K, metric, n_jobs=n_threads),
            len(queries),
        )

    def matrix(metric: str) -> Contender:
        label = f"matrix {metric} {base.dtype}"
        return Contender(
            label,
            lambda: nearplane.pairwise_distances(queries, base, metric, n_jobs=n_threads),
            len(queries),
        )

    return [kernel(metric) for kernel in (search, matrix) for metric in METRICS]


def _matrix_product(queries: Array, base: Array) -> Contender:
    return Contender(_GEMM.format(base.dtype), lambda: queries @ base.T, len(queries))


def _table(
    speeds: dict[str, float], limits: list[tuple[str, float]]
) -> tuple[list[str], list[list[str]]]:
    known = dict(limits)
    rows = []
    for label, speed in speeds.items():
        dtype = label.rpartition(" ")[2]
        product = speeds[_GEMM.format("float64" if dtype == "float64" else "float32")]
        # An absolute difference is no multiplication: what limits L1 is another instruction.
        limit = None if "manhattan" in label else known.get(_LIMIT_OF[dtype])
        share = f"{speed / limit:.0%}" if limit else "-"
        rows.append([label, f"{speed / 1e9:.1f}", f"{speed / product:.0%}", share])
    return ["kernel", "G multiply-adds/s", "of NumPy's GEMM", "of the limit given"], rows


if __name__ == "__main__":
    main()
