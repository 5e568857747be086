"""What a process holds in memory is not written to disk when it crashes."""

from __future__ import annotations

import ctypes
import resource
import sys

# From <linux/prctl.h>.
_PR_GET_DUMPABLE = 3
_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Let this process, and what it starts, write no core file from now on.

    The limit keeps the kernel from writing one into a directory. Where the kernel
    passes cores to a program, which asks no limit, Linux is told besides that the
    process may not be dumped; that also keeps other processes of the same user from
    reading its memory.

    Examples
    --------
    >>> forbid_core_dumps()
    >>> import resource
    >>> resource.getrlimit(resource.RLIMIT_CORE)[0]
    0
    """
    # The hard limit stays: it is that of whoever runs us.
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def may_be_dumped() -> bool:
    """Say whether a crash of this process could leave its memory on the disk."""
    if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0:
        return True
    if sys.platform == "linux":
        return bool(ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0))
    return False
