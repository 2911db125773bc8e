"""The most memory this process has used."""

import re
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_memory_bytes() -> int | None:
    """Return the largest resident size of the process so far.

    Returns
    -------
    int or None
        Bytes; None on systems that do not say, such as Windows.
    """
    if _STATUS.exists():
        # Preferred to getrusage: Linux's ru_maxrss survives exec, so a small process started by
        # a large one would report its parent's peak.
        found = re.search(r"^VmHWM:\s+(\d+) kB$", _STATUS.read_text("ascii", "replace"), re.M)
        if found:
            return int(found[1]) * 1024
    try:
        import resource
    except ModuleNotFoundError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, others KiB
