"""A PostgreSQL server of Debian's package for one test session: its own folder, a socket in it, no port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PACKAGE = "/usr/lib/postgresql"
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '.'
max_connections = 20
shared_buffers = '16MB'
"""


def binaries() -> Path:
    """Where the server's programs lie; the test is skipped where there are none."""
    found = sorted(Path(_PACKAGE).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("there is no PostgreSQL server: apt-get install postgresql")
    return found[-1].parent


class PostgresServer:
    """A running server; `url` opens its database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._bin = binaries()
        # The server refuses to run as root.
        self._as = (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
        )
        self._user = "postgres"

    def make(self) -> None:
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        self._call(
            "initdb", "-D", str(self.data), "-U", self._user, "-A", "trust", "--no-locale", "-E", "UTF8"
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS)
        self.start()

    def start(self) -> None:
        self._call("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.folder / "log"), "start")

    def stop(self, how: str = "fast") -> None:
        """`fast`, or `immediate` as in a power cut."""
        self._call("pg_ctl", "-D", str(self.data), "-w", "-m", how, "stop")

    def restart_with(self, setting: str) -> None:
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(setting + "\n")
        self.stop()
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql:///postgres?host={self.data}&user={self._user}"

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as, str(self._bin / program), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')[-400:]}")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server, made and started; stopped and gone at the end."""
    # A socket's path has at most 107 bytes, which a test's own folder may exceed.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(0o755)
    server = PostgresServer(folder)
    try:
        server.make()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
