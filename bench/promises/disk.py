"""When the disk is full or fails: the old file or the new one, an error that names it, no rest.

A preloaded library lets the i-th call that opens, writes, syncs, renames or closes something fail,
for every i until none is left: with the errors of a full disk, of a quota and of a broken device;
with writes that write a half; and with kill -9 before and after the call. Afterwards the file must
be the old one to the last byte or, if its place was taken already, the new one; an error must name
it and leave no other file behind; and the next attempt must succeed. A limit on the size of files,
and file systems with less room than is needed, do the same without the library. What a killed
process was writing stays beside the file, under a name that nothing reads. A data set in five files
may miss some if the process is killed while they are exchanged, but there are never some of both.
"""

import errno
import os
import resource
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from faults import obstacle, preloaded, small_disk
from faults.disk import FAIL, FALL_SHORT, KILL_AFTER, KILL_BEFORE, Disk, Fault
from faults.operations import digest
from faults.writers import WRITERS, Writer
from harness.child import call_in_child
from harness.promise import Finding, Options, Promise, evenly_spaced, not_tried

_FAULTS: dict[str, Callable[[int], Fault]] = {
    "ENOSPC": lambda i: Fault(i, FAIL, errno.ENOSPC),
    "EIO": lambda i: Fault(i, FAIL, errno.EIO),
    "EDQUOT": lambda i: Fault(i, FAIL, errno.EDQUOT),
    "short write": lambda i: Fault(i, FALL_SHORT),
}
_KILLS: dict[str, Callable[[int], Fault]] = {
    "killed before": lambda i: Fault(i, KILL_BEFORE),
    "killed after": lambda i: Fault(i, KILL_AFTER),
}
_FILE_LIMITS = (0, 1, 100, 4096)
_FAILS = "a full or failing disk leaves the old file or the new one"
_DIES = "kill -9 while a file is written leaves the old one or the new one"
_LIMIT = "a limit on the size of files leaves the old one"
_FULL = "a full file system leaves the old file"
# What is promised, and how often it was tried in so many kinds of writing.
_PROMISES = {
    _FAILS: "faults of calls in {} kinds of writing",
    _DIES: "kills in {} kinds of writing",
    _LIMIT: "limits on the size of a file in {} kinds of writing",
    _FULL: "file systems with too little room for {} kinds of writing",
}
_AMPLE = 2**28  # bytes: more than any writer writes
_ROOMS = 12  # that many file systems too small for what is written, from no room on
# Exit statuses of children, and what they tell.
_REFUSED, _WROTE = 0, 4
_STATUSES = {_REFUSED: "", _WROTE: "no error", 1: "a wrong error", 2: "wrong files"}
_START_SECONDS = 120.0
_EACH_SECONDS = 300.0
_SHOWN_PROBLEMS = 10

Files = dict[str, bytes]


@dataclass
class _Found:
    """What became of the faults of one kind in a writer."""

    writer: str
    promise: str
    tried: int = 0
    left_behind: int = 0
    problems: list[str] = field(default_factory=list)


def fail(argument: dict[str, Any]) -> list[dict[str, Any]]:
    """Let the calls of the named writers fail; return what was found for each."""
    found = []
    for name in argument["writers"]:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as source:
            trial = _Trial(name, WRITERS[name](Path(source)), Path(folder).resolve())
            for fault in _FAULTS:
                trial.play(fault)
            for kill in _KILLS:
                trial.kill(kill)
            trial.limit()
            if argument["can_mount"]:
                trial.fill()
            found += [vars(one) for one in trial.found.values()]
    return found


class _Trial:
    def __init__(self, name: str, writer: Writer, folder: Path) -> None:
        self.found = {promise: _Found(name, promise) for promise in _PROMISES}
        self._name = name
        self._writer = writer
        self._folder = folder
        self._disk = Disk(folder)
        self._old = self._restore()
        self._result = digest(writer.write(folder, True))
        self._new = self._state()

    def play(self, which: str) -> None:
        """Let every call fail in turn, until none is left."""
        call = 1
        while self._fail(which, _FAULTS[which](call)):
            call += 1

    def _fail(self, which: str, fault: Fault) -> bool:
        self._restore()
        problem, error = "", None
        with self._disk.failing(fault) as seen:
            try:
                self._writer.write(self._folder, True)
            except OSError as raised:
                error = raised
            except BaseException as raised:
                problem = f"{type(raised).__name__}: {raised}"
        if not seen.failed:
            return False
        if error is not None:
            problem = self._problem_of(error)
        problem = problem or self._problem_of_files(must_be_new=error is None)
        self._note(_FAILS, f"call {fault.call} ({seen.function}), {which}", problem)
        return True

    def _problem_of(self, error: OSError) -> str:
        if str(self._folder) not in str(error):
            return f"the error names no file: {error!r}"
        return ""

    def kill(self, which: str) -> None:
        """Kill a child at every call in turn, until one lives to the end."""
        call = 1
        while True:
            self._restore()
            status = self._in_fork(partial(self._write_until, _KILLS[which](call)))
            if status == 0:
                return
            problem = "" if status == -9 else f"exit status {status}"
            self._note(_DIES, f"call {call}, {which}", problem or self._problem_of_files(died=True))
            call += 1

    def _write_until(self, fault: Fault) -> None:
        with self._disk.failing(fault):
            self._writer.write(self._folder, True)

    def limit(self) -> None:
        """Let no file grow beyond a size."""
        largest = max(map(len, self._files().values()), default=0)
        for size in (*_FILE_LIMITS, largest // 2, largest - 1):
            if size >= largest:
                continue
            self._restore()
            status = self._in_fork(partial(self._write_within, size))
            problem = _STATUSES.get(status, f"status {status}") or self._problem_of_files()
            self._note(_LIMIT, f"at most {size} bytes", problem)

    def _write_within(self, size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        os._exit(self._try_to_write())

    def fill(self) -> None:
        """Write where there is ever more room, until there is enough."""
        self._restore()
        self._writer.write(self._folder, True)
        pages = sum(len(content) // small_disk.PAGE + 1 for content in self._files().values())
        for room in range(0, 2 * pages, max(1, pages // _ROOMS)):
            status = self._in_fork(partial(self._write_in_room, room * small_disk.PAGE))
            if status == _WROTE:
                return
            problem = _STATUSES.get(status, f"status {status}")
            self._note(_FULL, f"{room} pages of room", problem)

    def _write_in_room(self, room: int) -> None:
        small_disk.mount_over(self._folder, _AMPLE)
        self._writer.write(self._folder, False)
        small_disk.resize(self._folder, small_disk.bytes_used(self._folder) + room)
        status = self._try_to_write()
        small_disk.resize(self._folder, _AMPLE)
        if self._problem_of_files(must_be_new=status == _WROTE):
            status = 2
        os._exit(status)

    def _try_to_write(self) -> int:
        """Return the status of a child that can write, or is told why not."""
        try:
            self._writer.write(self._folder, True)
        except OSError as error:
            return 1 if self._problem_of(error) else _REFUSED
        return _WROTE

    def _in_fork(self, work: Callable[[], None]) -> int:
        """Return the exit status of a forked child that has done this."""
        child = os.fork()
        if child == 0:
            try:
                work()
            except BaseException:
                os._exit(3)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _note(self, promise: str, what: str, problem: str) -> None:
        found = self.found[promise]
        found.tried += 1
        if problem:
            found.problems.append(f"{self._name}, {what}: {problem}")

    def _restore(self) -> object:
        for path in sorted(self._folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self._writer.write(self._folder, False)
        return self._state()

    def _files(self) -> Files:
        return {
            str(path.relative_to(self._folder)): path.read_bytes()
            for path in self._folder.rglob("*")
            if path.is_file()
        }

    def _state(self) -> object:
        """Return what the writer is judged by: its files, or the number of them."""
        files = self._files()
        return files if self._writer.answer is None else len(files)

    def _problem_of_files(self, *, must_be_new: bool = False, died: bool = False) -> str:
        state = self._state()
        if died:
            state = self._without_rest(state)
        if state != self._new and (must_be_new or not self._is_old(state, died)):
            return f"other files: {sorted(self._files())}"
        if digest(self._writer.write(self._folder, True)) != self._result:
            return "a wrong result afterwards"
        if self._writer.answer is None and not died and self._state() != self._new:
            return "other files after the next attempt"
        return ""

    def _is_old(self, state: object, died: bool) -> bool:
        if died and self._writer.many and isinstance(state, dict):
            versions = [version for version in (self._old, self._new) if isinstance(version, dict)]
            return any(state.items() <= version.items() for version in versions)
        return state == self._old

    def _without_rest(self, state: object) -> object:
        """Return the state without what a killed process has left behind."""
        names = self._files()
        rest = [name for name in names if ".nearplane-" in name or name.endswith(".tmp")]
        self.found[_DIES].left_behind += bool(rest)
        if not isinstance(state, dict):
            return self._new  # judged by the next answer alone
        return {name: content for name, content in state.items() if name not in rest}


def _run(options: Options) -> list[Finding]:
    if reason := obstacle():
        return [not_tried(promise, reason) for promise in _PROMISES]
    no_mount = small_disk.obstacle()
    names = evenly_spaced(list(WRITERS), options.count)
    at_once = [names] if options.part else [[name] for name in names]
    found, ended = [], []
    with preloaded("disk") as environment:
        for together in at_once:
            options.report(together[0])
            outcome = call_in_child(
                "promises.disk:fail",
                {"writers": together, "can_mount": no_mount is None},
                timeout=_START_SECONDS + _EACH_SECONDS * len(together),
                environment=environment | {"OPENBLAS_NUM_THREADS": "1"},
            )
            if outcome.failure:
                ended.append(f"{', '.join(together)}: {outcome.failure}")
            found += [_Found(**one) for one in outcome.result or []]
    return [
        not_tried(promise, no_mount)
        if no_mount and promise == _FULL
        else _finding(promise, found, ended, len(names))
        for promise in _PROMISES
    ]


def _finding(promise: str, found: list[_Found], ended: list[str], n_writers: int) -> Finding:
    of_promise = [one for one in found if one.promise == promise]
    problems = [problem for one in of_promise for problem in one.problems]
    tried = sum(one.tried for one in of_promise)
    text = _PROMISES[promise].format(n_writers)
    if promise == _DIES:
        left = sum(one.left_behind for one in of_promise)
        text += f"; {left} left an unfinished file beside"
    # A child that did not live to tell counts as one fault more, not survived.
    return Finding(
        promise,
        tried + len(ended),
        tried - len(problems),
        "; ".join([text, *(problems + ended)[:_SHOWN_PROBLEMS]]),
        [vars(one) for one in of_promise],
    )


PROMISE = Promise(_run, full=len(WRITERS), part=4, unit="kinds of writing")
