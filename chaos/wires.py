"""`Wires`: what lies between the nodes: a network for each and a router, or proxies on loopback."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol, TypeVar

from chaos.router import FAIR, Router, Weather
from tests.tcp_proxy import Proxy, free_ports

from chaos import namespaces

_T = TypeVar("_T")

_PREFIX_BITS: Final = 24
_LEAF_PORT: Final = 7422
_LOOPBACK: Final = "127.0.0.1"


class Wires(Protocol):
    """What the nodes of a round are joined by."""

    says: str
    """What it is, for people."""

    is_own_network: bool
    """Whether every node has a network of its own, in which packets can be lost and late."""

    def host(self, party: str) -> str:
        """The address at which a party's server listens."""
        ...

    def port(self, party: str) -> int:
        """The port at which a party's server listens."""
        ...

    def dialled(self, dials: str, dialled: str) -> str:
        """Where a party dials another, as HOST:PORT."""
        ...

    def enter(self, party: str) -> None:
        """Let this thread have the party's network from now on."""
        ...

    def run(self, party: str, job: Callable[[], _T]) -> _T:
        """What a job returned or raised in the party's network."""
        ...

    def set_weather(self, one: str, other: str, weather: Weather) -> None:
        """How things fare between two parties from now on."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class NamespaceWires:
    """A network for each node, joined by a router."""

    is_own_network = True
    says = "network namespaces, packets carried by a router of our own"

    def __init__(self, parties: Sequence[str], seed: str) -> None:
        """Networks that are up and joined, one for each name."""
        self._networks = {
            party: namespaces.Namespace(f"10.99.0.{place}", _PREFIX_BITS)
            for place, party in enumerate(parties, 1)
        }
        files = {network.address: network.packets for network in self._networks.values()}
        self._router = Router(files, seed)
        self._router.start()

    def host(self, party: str) -> str:
        """As of `Wires`."""
        return self._networks[party].address

    def port(self, party: str) -> int:
        """As of `Wires`; the same at every one, as each has an address of its own."""
        del party
        return _LEAF_PORT

    def dialled(self, dials: str, dialled: str) -> str:
        """As of `Wires`."""
        del dials
        return f"{self.host(dialled)}:{_LEAF_PORT}"

    def enter(self, party: str) -> None:
        """As of `Wires`."""
        self._networks[party].enter()

    def run(self, party: str, job: Callable[[], _T]) -> _T:
        """As of `Wires`."""
        return self._networks[party].run(job)

    def set_weather(self, one: str, other: str, weather: Weather) -> None:
        """As of `Wires`."""
        self._router.set_weather(self.host(one), self.host(other), weather)

    def close(self) -> None:
        """As of `Wires`."""
        self._router.stop()
        for network in self._networks.values():
            network.close()


class ProxyWires:
    """Loopback, with a TCP proxy in each link, which can be cut or let nothing through."""

    is_own_network = False

    def __init__(self, links: Sequence[tuple[str, str]], why: str) -> None:
        """Proxies that run, one for each pair of who dials whom; `why` there is nothing better."""
        self.says = f"TCP proxies on loopback, so no loss and no delay of packets: {why}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._thread.start()
        ports = free_ports()
        self._ports = {party: next(ports) for party in sorted({party for link in links for party in link})}
        self._proxies: dict[frozenset[str], Proxy] = {}
        for dials, dialled in links:
            proxy = self._proxies[frozenset((dials, dialled))] = Proxy()
            self._do(proxy.start(self._ports[dialled]))

    def _do(self, job: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result()

    def host(self, party: str) -> str:
        """As of `Wires`."""
        del party
        return _LOOPBACK

    def port(self, party: str) -> int:
        """As of `Wires`."""
        return self._ports[party]

    def dialled(self, dials: str, dialled: str) -> str:
        """As of `Wires`."""
        return f"{_LOOPBACK}:{self._proxies[frozenset((dials, dialled))].port}"

    def enter(self, party: str) -> None:
        """As of `Wires`: all are in the one network that there is."""

    def run(self, party: str, job: Callable[[], _T]) -> _T:
        """As of `Wires`."""
        del party
        return job()

    def set_weather(self, one: str, other: str, weather: Weather) -> None:
        """As of `Wires`; ValueError for what a proxy cannot do."""
        self._do(self._set(self._proxies[frozenset((one, other))], weather))

    async def _set(self, proxy: Proxy, weather: Weather) -> None:
        if weather == FAIR:
            await proxy.mend()
        elif weather.refused:
            await proxy.cut()
        elif weather.black_hole:
            proxy.black_hole()
        else:
            raise ValueError(f"a proxy cannot do this: {weather}")

    def close(self) -> None:
        """As of `Wires`."""
        for proxy in self._proxies.values():
            self._do(proxy.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
