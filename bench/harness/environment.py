"""Where and how a figure came about: processor, level, threads, versions, the exact command."""

import os
import shlex
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from nearplane._versions import version_info

# Variables that change how fast the libraries run; set ones are part of the command.
_VARIABLES = (
    "NEARPLANE_ISA",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)


class HasThreads(Protocol):
    """An adapter, as far as threads go."""

    @property
    def set_threads(self) -> Callable[[int], None]:
        """Set how many threads the library may use, where threadpoolctl does not reach."""


def usable_processors() -> int:
    """Return how many processors this process may use."""
    return version_info()["system"]["cores"]


def set_threads(n_threads: int, adapters: Iterable[HasThreads] = ()) -> None:
    """Give every library that is loaded the same number of threads."""
    # Made, not entered: the limits stay until the process ends.
    threadpool_limits(limits=n_threads)
    for adapter in adapters:
        adapter.set_threads(n_threads)


def environment(n_threads: int, distributions: Iterable[str] = ()) -> dict[str, Any]:
    """Describe the machine, the versions and the command, JSON-able."""
    info = version_info()
    versions = {
        "nearplane": info["nearplane"],
        **{name: version for name, version in info["dependencies"].items() if version},
        **{name: metadata.version(name) for name in distributions},
    }
    return {
        "cpu": info["system"]["cpu"],
        "isa_level": info["core"]["isa_level"],
        "n_threads": n_threads,
        "platform": info["system"]["platform"],
        "python": info["system"]["python"],
        "build": info["core"]["build"],
        "versions": versions,
        "command": command(),
    }


def command() -> str:
    """Return the command line of this process, with the variables that matter."""
    variables = [f"{name}={os.environ[name]}" for name in _VARIABLES if name in os.environ]
    return shlex.join([*variables, "python", *sys.argv])


def as_text(described: dict[str, Any]) -> str:
    """Put an environment into three lines."""
    versions = ", ".join(f"{name} {version}" for name, version in described["versions"].items())
    return (
        f"{described['cpu']}, ISA level {described['isa_level']}, "
        f"{described['n_threads']} threads, {described['platform']}\n"
        f"{versions}, Python {described['python']}\n"
        f"$ {described['command']}"
    )
