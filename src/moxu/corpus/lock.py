"""A lock on an open file: one process at a time, and free again however that process ends.

It is the system's own, which goes with the open file: after ``kill -9`` nothing is left behind that one would have to
remove. A file system that knows no locks keeps nobody out.
"""

import errno
import sys
from typing import BinaryIO

BUSY = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # what systems say of a file that somebody else has locked
FAR = (1 << 31) - 2  # the last place that Windows can lock; nobody else may read it meanwhile

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        place = file.tell()
        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(place)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock(file: BinaryIO) -> bool:
    """Lock a file until it is closed; say whether it is ours, and not another process's."""
    try:
        _lock(file)
    except OSError as error:
        return error.errno not in BUSY
    return True
