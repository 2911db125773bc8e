"""Put the promises to the test that no figure of speed shows: faults, signals, threads, files.

Each promise is a module of `promises`, named by --only. What may hang or crash does so in child
processes with a time limit, and is counted. The exit status is 1 if a promise is broken.

--record keeps what was found in bench/records; --page makes docs/reliability.md of all records.
"""

import argparse
import time
from pathlib import Path

from harness.environment import environment
from harness.options import make_parser, positive
from harness.output import finish, print_note, print_table, watching
from harness.promise import Finding, Promise
from harness.records import PAGE, make_record, page, read_records, write_record
from promises import NAMES, load


def main() -> None:
    options = _parse()
    promises = load(options.only)
    if options.part:
        promises = {name: promise for name, promise in promises.items() if promise.part}
    if options.list:
        print(*promises, sep="\n")
        return
    for name in options.only:
        if name not in promises:
            print_note(f"{name} is tried in full or not at all")
    findings: dict[str, list[Finding]] = {}
    for name, promise in promises.items():
        with watching(name) as options.report:
            findings[name] = _try(name, promise, options)
    every = [finding for found in findings.values() for finding in found]
    if every:
        _print(every)
    if options.page:
        options.page.write_text(page(read_records(NAMES), load(NAMES)), encoding="utf-8")
    facts = {
        name: [vars(finding) | {"verdict": finding.verdict} for finding in found]
        for name, found in findings.items()
    }
    finish(environment(options.threads), {"promises": facts}, options.json)
    raise SystemExit(any(finding.verdict == "BROKEN" for finding in every))


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_query=1_000, n_train=50_000)
    parser.add_argument(
        "--only",
        nargs="*",
        choices=NAMES,
        default=list(NAMES),
        metavar="NAME",
        help=f"promises to try: {', '.join(NAMES)} (default: all)",
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--count", dest="cases", type=positive, metavar="N", help="cases to try")
    amount.add_argument("--part", action="store_true", help="only as many as the tests repeat")
    parser.add_argument("--record", action="store_true", help="keep what was found")
    parser.add_argument(
        "--page",
        nargs="?",
        type=Path,
        const=PAGE,
        metavar="FILE",
        help="make the page of what was kept (default: docs/reliability.md)",
    )
    parser.add_argument(
        "--list", action="store_true", help="name what would be tried, and do no more"
    )
    return parser.parse_args()


def _try(name: str, promise: Promise, options: argparse.Namespace) -> list[Finding]:
    options.count = options.cases or (promise.part if options.part else promise.full)
    begin = time.perf_counter()
    findings = promise.run(options)
    seconds = time.perf_counter() - begin
    if options.record:
        write_record(make_record(name, options, seconds, findings))
    return findings


def _print(findings: list[Finding]) -> None:
    rows = [[f.promise, f.verdict, f"{f.survived:,} of {f.tried:,}", f.text] for f in findings]
    print_table("Promises", ["promise", "", "survived", "found"], rows, n_texts=4)


if __name__ == "__main__":
    main()
