"""What runs of promises have found, kept in files, and the page that is made of them."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.environment import environment
from harness.output import plain
from harness.promise import Finding, Options, Promise

_ROOT = Path(__file__).resolve().parents[2]
RECORDS = _ROOT / "bench" / "records"
PAGE = _ROOT / "docs" / "reliability.md"
_PAGE_BEGIN = RECORDS / "page.md"
# The table of findings is where this line stands in what the page begins with.
_TABLE_MARK = "<!-- table -->"


@dataclass(frozen=True)
class Record:
    """A run of one promise."""

    name: str
    command: str
    count: int
    commit: str
    date: str
    seconds: float
    environment: Mapping[str, Any]
    findings: Sequence[Finding]


def make_record(name: str, options: Options, seconds: float, findings: Sequence[Finding]) -> Record:
    """Return the record of a run that has just ended."""
    described = environment(options.threads)
    data = "" if options.data_dir is None else " --data-dir DIR"
    command = f"python bench/reliability.py --only {name} --count {options.count}{data}"
    date = datetime.now(UTC).date().isoformat()
    return Record(name, command, options.count, _commit(), date, seconds, described, findings)


def write_record(record: Record) -> None:
    """Keep a record, in place of an older one of the same promise."""
    # Not dataclasses.asdict, which makes nonsense of a Counter among the facts.
    fields = vars(record) | {"findings": [vars(finding) for finding in record.findings]}
    text = json.dumps(plain(fields), indent=1, allow_nan=False)
    (RECORDS / f"{record.name}.json").write_text(text + "\n", encoding="utf-8")


def read_records(names: Sequence[str]) -> list[Record]:
    """Return the records that there are, in this order of promises."""
    paths = [RECORDS / f"{name}.json" for name in names]
    return [_read(path) for path in paths if path.exists()]


def page(records: Sequence[Record], promises: Mapping[str, Promise]) -> str:
    """Return the page: a table of all findings, and for each promise how it was put to the test."""
    begin, end = _PAGE_BEGIN.read_text(encoding="utf-8").split(_TABLE_MARK)
    rows = [
        f"| [{finding.promise}](#{record.name}) | {_counts(finding)} | `{record.command}` | "
        f"{_repeated(record, promises[record.name])} |"
        for record in records
        for finding in record.findings
    ]
    heads = "| what | tried | survived | command | repeated by the tests |"
    table = "\n".join([heads, "|---|--:|--:|---|---|", *rows])
    sections = [_section(record, promises[record.name]) for record in records]
    return "\n\n".join([begin.strip() + "\n\n" + table, end.strip(), *sections]) + "\n"


def _section(record: Record, promise: Promise) -> str:
    """Return how one promise was put to the test, and all that was found."""
    described = record.environment
    lines = [
        f"- {finding.promise}, {_words(finding)}: {finding.text}" for finding in record.findings
    ]
    return (
        f"## {record.name}\n\n"
        f"{_what(promise)}\n\n"
        f"```bash\n{record.command}\n```\n\n" + "\n".join(lines) + "\n\n"
        f"{_duration(record.seconds)} on {record.date}, commit `{record.commit}`, "
        f"{described['cpu']}, level {described['isa_level']}, Python {described['python']}. "
        f"The tests repeat {_repeated(record, promise)}."
    )


def _counts(finding: Finding) -> str:
    """Return the cells of the table that count; what was not tried is not kept."""
    if finding.verdict == "kept":
        return f"{finding.tried:,} | {finding.survived:,}"
    return f"{finding.tried:,} | **{finding.survived:,}: {finding.verdict}**"


def _words(finding: Finding) -> str:
    if finding.verdict == "not tried":
        return finding.verdict
    return f"{finding.survived:,} of {finding.tried:,} survived"


def _repeated(record: Record, promise: Promise) -> str:
    if promise.part == 0:
        return "nothing"
    return promise.repeated or f"{promise.part:,} of {record.count:,} {promise.unit}"


def _what(promise: Promise) -> str:
    """Return what the module of a promise says of itself."""
    module = __import__(promise.run.__module__, fromlist=["__doc__"])
    return str(module.__doc__).strip()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _read(path: Path) -> Record:
    fields = json.loads(path.read_text(encoding="utf-8"))
    findings = [Finding(**finding) for finding in fields.pop("findings")]
    return Record(findings=findings, **fields)


def _commit() -> str:
    """Return the commit of the working tree, with a + if files have been changed since."""
    git = ["git", "-C", str(_ROOT)]
    try:
        commit = _output([*git, "rev-parse", "--short=9", "HEAD"])
        # What earlier runs have found changes no run.
        changed = _output([*git, "status", "--porcelain", "--", ".", ":!bench/records", ":!docs"])
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
