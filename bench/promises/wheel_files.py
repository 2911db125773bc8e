"""What is in a wheel and in a source distribution, for `wheels`."""

import io
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What the repository keeps for itself, and what a source distribution has besides its files.
_LEFT_OUT = (".ci/", ".github/")
_ADDED = {"PKG-INFO"}
# Libraries of the system, as manylinux has them; OpenMP's is not among them.
_SYSTEM_LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1"}
_LOADERS = ("ld-linux-",)


@dataclass(frozen=True)
class Module:
    """A compiled module of a wheel."""

    name: str
    packed: int
    content: bytes

    @property
    def level(self) -> str:
        """Return the level it was compiled for."""
        return self.name.rpartition("/")[2].partition(".")[0].removeprefix("_")


def unexpected_in_sdist(sdist: Path, root: Path) -> tuple[int, list[str]]:
    """Count the files there should be; name those that are missing, and those too many."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files"], capture_output=True, text=True, check=True
    )
    expected = {name for name in listed.stdout.splitlines() if not name.startswith(_LEFT_OUT)}
    expected |= _ADDED
    with tarfile.open(sdist) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    missing = [f"{name} is missing" for name in sorted(expected - found)]
    return len(expected), missing + [f"{name} is too many" for name in sorted(found - expected)]


def modules_of(wheel: Path) -> list[Module]:
    """Return the compiled modules of a wheel, without the libraries that it brings along."""
    with zipfile.ZipFile(wheel) as archive:
        return [
            Module(entry.filename, entry.compress_size, archive.read(entry))
            for entry in archive.infolist()
            if entry.filename.startswith("nearplane/") and entry.filename.endswith(".so")
        ]


def problems_of(module: Module) -> list[str]:
    """Name what a module should not have, each problem beginning with the module's name."""
    from elftools.elf.elffile import ELFFile

    elf = ELFFile(io.BytesIO(module.content))
    return [
        f"{module.name}: {problem}"
        for problem in (
            *(f"offers {name}" for name in _offered(elf) if not name.startswith("PyInit_")),
            *(f"needs {name}" for name in _entries(elf, "DT_NEEDED") if not _comes_along(name)),
            *(f"looks for libraries in {path}" for path in _foreign_paths(elf)),
            *_stack_problems(elf),
            *(["has symbols for debuggers"] if elf.get_section_by_name(".symtab") else []),
        )
    ]


def _offered(elf: Any) -> list[str]:
    return [
        symbol.name
        for symbol in elf.get_section_by_name(".dynsym").iter_symbols()
        if symbol.name and symbol["st_shndx"] != "SHN_UNDEF"
    ]


def _entries(elf: Any, tag: str) -> list[str]:
    fields = {"DT_NEEDED": "needed", "DT_RPATH": "rpath", "DT_RUNPATH": "runpath"}
    dynamic = elf.get_section_by_name(".dynamic")
    return [getattr(entry, fields[tag]) for entry in dynamic.iter_tags(tag)]


def _comes_along(library: str) -> bool:
    """Tell whether every system has a library, or the wheel has it, under a name of its own."""
    return (
        library in _SYSTEM_LIBRARIES
        or library.startswith(_LOADERS)
        or (library.startswith("libgomp-") and "." in library)
    )


def _foreign_paths(elf: Any) -> list[str]:
    """Return where a module looks for libraries other than beside itself."""
    paths = [path for tag in ("DT_RPATH", "DT_RUNPATH") for path in _entries(elf, tag)]
    return [path for path in paths if not path.startswith("$ORIGIN/")]


def _stack_problems(elf: Any) -> list[str]:
    executable = 1
    stacks = [part for part in elf.iter_segments() if part["p_type"] == "PT_GNU_STACK"]
    if not stacks:
        return ["does not say that its stack is no program"]
    return ["has an executable stack"] if stacks[0]["p_flags"] & executable else []
