"""Network and mount namespaces of Linux: a network of its own for each node, and disks that vanish with us.

Nothing has a name and nothing outlives this process: a network goes with the last thread or child that is in
it, a mount with the last process that sees it.
"""

import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")

# linux/sched.h, linux/if_tun.h, linux/mount.h
_CLONE_NEWNS: Final = 0x0002_0000
_CLONE_NEWNET: Final = 0x4000_0000
_TUNSETIFF: Final = 0x4004_54CA
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000
_MS_REC_PRIVATE: Final = 0x4000 | 0x4_0000
_MS_DETACH: Final = 2

_TUN: Final = Path("/dev/net/tun")
_NAME: Final = "link0"
_MTU_BYTES: Final = 1_400
_THREADS: Final = 6


def why_not() -> str:
    """Why there can be no namespaces here, in one line; empty where there can."""
    if os.name != "posix" or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces take root"
    if shutil.which("ip") is None:
        return "there is no `ip`: install iproute2"
    try:
        os.close(os.open(_TUN, os.O_RDWR))
    except OSError as error:
        return f"`{_TUN}` cannot be opened: {error.strerror}"
    refused = _tried_apart(_own_network)
    return f"no network of its own: {refused}" if refused else ""


def _own_network() -> None:
    _unshare(_CLONE_NEWNET)
    os.close(_tun())


def _tried_apart(job: Callable[[], object]) -> str:
    """What a job fails with on a thread of its own, whose namespaces end with it; empty where it works."""
    said: list[str] = []

    def run() -> None:
        try:
            job()
        except OSError as error:
            said.append(str(error.strerror))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return said[0] if said else ""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _unshare(what: int) -> None:
    _checked(_libc().unshare(what))


def _tun() -> int:
    """A file that reads and writes the packets of a new interface of this thread's network."""
    file = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    try:
        wanted = struct.pack("16sH22x", _NAME.encode(), _IFF_TUN | _IFF_NO_PI)
        fcntl.ioctl(file, _TUNSETIFF, wanted)
    except OSError:
        os.close(file)
        raise
    return file


class Namespace:
    """A network of its own with one interface, whose packets are read and written at `packets`."""

    def __init__(self, address: str, prefix_bits: int) -> None:
        """A network in which this address answers; OSError where there can be none."""
        self.address = address
        self.packets = -1
        self._net = -1
        made = threading.Thread(target=self._make, args=(prefix_bits,))
        made.start()
        made.join()
        if self._net < 0:
            raise OSError(f"no network for {address}")
        self._threads = ThreadPoolExecutor(_THREADS, f"net-{address}", self.enter)

    def _make(self, prefix_bits: int) -> None:
        _unshare(_CLONE_NEWNET)
        self.packets = _tun()
        for words in (
            "link set lo up",
            f"addr add {self.address}/{prefix_bits} dev {_NAME}",
            f"link set {_NAME} mtu {_MTU_BYTES} up",
        ):
            subprocess.run(["ip", *words.split()], check=True)  # noqa: S603, S607 - where it is, is the machine's
        self._net = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def enter(self) -> None:
        """Let this thread, and what it starts, have this network from now on."""
        _checked(_libc().setns(self._net, _CLONE_NEWNET))

    def run(self, job: Callable[[], _T]) -> _T:
        """What a job returns or raises in this network."""
        return self._threads.submit(job).result()

    def close(self) -> None:
        """Give it back; it goes when nothing is in it any more."""
        self._threads.shutdown()
        os.close(self.packets)
        os.close(self._net)


def private_mounts() -> None:
    """Let what this process mounts from now on be seen by it and its children only; before any thread."""
    _unshare(_CLONE_NEWNS)
    _checked(_libc().mount(None, b"/", None, _MS_REC_PRIVATE, None))


def mount_disk(folder: Path, size_bytes: int) -> None:
    """A small disk at a folder, which must be there."""
    said = f"size={size_bytes},mode=0700".encode()
    _checked(_libc().mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, said))


def unmount(folder: Path) -> None:
    """Take the disk away, with all that is on it."""
    _checked(_libc().umount2(os.fsencode(folder), _MS_DETACH))
