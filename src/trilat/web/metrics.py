"""`/metrics` for Prometheus, out of a service's counts as they are at that moment."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

GROWING: Final = frozenset(
    {
        "accepted_reports",
        "items_received",
        "ledger_entries",
        "pages_behind",
        "payloads_dropped",
        "refusals",
        "releases",
        "releases_sent",
        "ticks",
    }
)
"""Counts that only grow while a process runs; all others may fall again."""

_HELP: Final = {
    "accepted_reports": "Own reports accepted.",
    "refusals": "Input refused and kept aside.",
    "ledger_entries": "Entries of the ledger.",
    "releases": "Releases made.",
    "releases_sent": "Releases handed to links.",
    "payloads_dropped": "What came on links while too much waited.",
    "behind_s": "Seconds by which the node is late.",
    "items_received": "Items received from partners.",
    "link_up": "Whether the link to a partner is up.",
    "streams_open": "Event streams open to readers.",
    "pages_behind": "How often a page was too slow and got a fresh state.",
    "node_up": "Whether a node's stream is heard.",
}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,80}")
_LABELLED: Final = re.compile(r"((?:link|node)_[a-z][a-z0-9_]*?)_([A-Z][A-Z0-9]{1,11})")
"""A count of one partner: `link_up_USA` becomes `trilat_link_up{peer="USA"}`."""

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class _Counts(Collector):
    def __init__(self, counts: Callable[[], Mapping[str, int | float]]) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for name, value in sorted(self._counts().items()):
            labelled = _LABELLED.fullmatch(name)
            stem, peer = (labelled[1], labelled[2]) if labelled else (name, None)
            if not _NAME.fullmatch(stem):
                continue
            family = families.setdefault(stem, _family(stem, ["peer"] if peer else []))
            sample = f"trilat_{stem}_total" if stem in GROWING else f"trilat_{stem}"
            family.add_sample(sample, {"peer": peer} if peer else {}, float(value))
        return families.values()


def _family(stem: str, labels: list[str]) -> Metric:
    help_text = _HELP.get(stem, stem.replace("_", " ").capitalize() + ".")
    kind = CounterMetricFamily if stem in GROWING else GaugeMetricFamily
    return kind(f"trilat_{stem}", help_text, labels=labels)


def metrics_answer(counts: Callable[[], Mapping[str, int | float]]) -> Response:
    """The counts in Prometheus's text format. The registry is its own: nothing of the process leaks in."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(counts))
    return Response(generate_latest(registry), media_type=MEDIA_TYPE)
