"""What runs here: versions, processor, and the level of the compiled core.

A speed means nothing without the machine that reached it, so `version_info` gathers in one place
what a bug report, a benchmark and the HTML report all have to name.
"""

import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TypedDict

import joblib

from nearplane import _core

_REQUIRED = ("numpy", "scikit-learn")
_OPTIONAL = ("matplotlib", "jinja2", "typer", "rich", "pooch", "pillow")


class SystemInfo(TypedDict):
    """The interpreter and the machine."""

    python: str
    executable: str
    platform: str
    cpu: str
    cores: int


class CoreInfo(TypedDict):
    """The compiled core and how it was built."""

    isa_level: str
    available_levels: list[str]
    openmp_threads: int
    build: dict[str, str]


class VersionInfo(TypedDict):
    """Everything `show_versions` prints."""

    nearplane: str
    system: SystemInfo
    core: CoreInfo
    dependencies: dict[str, str | None]
    optional: dict[str, str | None]


def version_info() -> VersionInfo:
    """Describe the machine, the compiled core and the installed packages.

    Returns
    -------
    dict
        JSON-able, with the keys ``"nearplane"`` (version), ``"system"`` (Python, platform,
        processor, usable cores), ``"core"`` (the instruction-set level that runs, those this
        installation could run here, OpenMP threads, compiler), ``"dependencies"`` and
        ``"optional"`` (versions of packages by name, None where one is not installed).

    Examples
    --------
    >>> from nearplane._versions import version_info
    >>> sorted(version_info())
    ['core', 'dependencies', 'nearplane', 'optional', 'system']
    """
    from nearplane import __version__  # which imports this module first

    return {
        "nearplane": __version__,
        "system": {
            "python": f"{platform.python_version()} ({platform.python_implementation()})",
            "executable": sys.executable,
            "platform": platform.platform(),
            "cpu": cpu_name(),
            # joblib counts what this process may use: CPU affinity and container limits too.
            "cores": joblib.cpu_count(),
        },
        "core": {
            "isa_level": _core.isa_level(),
            "available_levels": _core.available_levels(),
            "openmp_threads": _core.max_threads(),
            "build": _core.build_info(),
        },
        "dependencies": {name: _version_of(name) for name in _REQUIRED},
        "optional": {name: _version_of(name) for name in _OPTIONAL},
    }


def show_versions() -> None:
    """Print versions, processor and the level of the compiled core, for bug reports.

    Examples
    --------
    >>> import nearplane
    >>> nearplane.show_versions()
    nearplane: ...
    System:
    ...
    """
    print(format_versions(version_info()))


def format_versions(info: VersionInfo) -> str:
    """Lay out `version_info` in blocks of aligned ``name: value`` lines.

    Parameters
    ----------
    info : dict
        As `version_info` returns it.

    Returns
    -------
    str
        Several lines, without a final newline.
    """
    core = info["core"]
    blocks: dict[str, dict[str, object]] = {
        "System": dict(info["system"].items()),
        "Compiled core": {
            "level": core["isa_level"],
            "available levels": ", ".join(core["available_levels"]),
            "OpenMP threads": core["openmp_threads"],
            **core["build"],
        },
        "Dependencies": dict(info["dependencies"]),
        "Optional dependencies": dict(info["optional"]),
    }
    lines = [f"nearplane: {info['nearplane']}"]
    for title, entries in blocks.items():
        width = max(map(len, entries))
        lines += ["", f"{title}:"]
        lines += [
            f"{name:>{width + 4}}: {'not installed' if value is None else value}"
            for name, value in entries.items()
        ]
    return "\n".join(lines)


def cpu_name() -> str:
    """Name the processor as its maker does, or its architecture where the system does not say.

    Returns
    -------
    str
        Such as ``"AMD EPYC 7763 64-Core Processor"``.
    """
    readers = {"Linux": _cpu_name_linux, "Darwin": _cpu_name_macos, "Windows": _cpu_name_windows}
    reader = readers.get(platform.system(), platform.processor)
    try:
        name = reader()
    except (OSError, subprocess.SubprocessError):
        name = ""
    return name.strip() or platform.processor() or platform.machine()


def _cpu_name_linux(path: Path = Path("/proc/cpuinfo")) -> str:
    cpuinfo = path.read_text(encoding="utf-8", errors="replace")
    # x86 writes "model name"; ARM boards write "Hardware" or "Model" once, servers nothing.
    for key in ("model name", "Hardware", "Model"):
        found = re.search(rf"^{key}\s*:\s*(.+)$", cpuinfo, flags=re.MULTILINE)
        if found:
            return found[1]
    return ""


def _cpu_name_macos() -> str:
    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)
    return answer.stdout


def _cpu_name_windows() -> str:
    if sys.platform != "win32":  # lets type checkers skip a module only Windows has
        return ""
    import winreg

    path = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
        return str(winreg.QueryValueEx(key, "ProcessorNameString")[0])


def _version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
