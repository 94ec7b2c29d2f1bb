# SPDX-License-Identifier: Apache-2.0
"""A file system whose server never answers, as one in the network that is gone."""

import contextlib
import ctypes
import os

from harness import Skip

_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def hanging_mount(path):
    """Whoever looks for a file below this folder waits until this is over."""
    try:
        server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise Skip(f"there is no FUSE: {error}") from None
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if _libc.mount(b"hangs", os.fsencode(path), b"fuse", 0, options) < 0:
        error = os.strerror(ctypes.get_errno())
        os.close(server)
        raise Skip(f"FUSE cannot be mounted: {error}")
    try:
        yield
    finally:
        os.close(server)  # ends all that wait
        _libc.umount2(os.fsencode(path), _DETACH)
