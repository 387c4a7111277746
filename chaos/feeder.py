"""`Feeder`: a sensor's feed to one node: batches under keys of their own, each sent until it is answered.

It believes what a real feed may: that a batch is on disk once the node has said so, and not before. What it
was answered is what the ledgers are later held against.
"""

import hashlib
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from chaos.sites import REQUEST_S_MAX, Site

_AGAIN_S: Final = 0.1
_BATCH_MAX: Final = 12
_PAUSE_S_MAX: Final = 0.2
_NEWER_SHARE: Final = 0.15
"""Share of the reports that are a newer version of one given before."""

_EVENTS: Final = ("staging", "burnout", "track-lost")
"""None of which a node warns of by itself: so what it releases is what it was given."""

_UNANSWERED: Final = 0


@dataclass
class Given:
    """What a feeder gave, and how it was answered."""

    accepted: dict[tuple[str, int], str] = field(default_factory=dict)
    """Digest of each report that the node said it has, by name and version."""

    batches: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    """How often each HTTP status came; 0 where nothing came."""

    said: set[str] = field(default_factory=set)
    """The lines with which the node would not take a batch now."""

    trouble: list[str] = field(default_factory=list)


class Feeder:
    """Feeds one node on a thread of its own, until it is told that it is enough and all is answered."""

    def __init__(self, site: Site, seed: str) -> None:
        """A feeder that has not begun; what it gives hangs on the seed."""
        self.given = Given()
        self._site = site
        self._random = random.Random(seed)  # noqa: S311 - reports of a drill
        self._token = site.token("intake")
        self._enough = threading.Event()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._feed, name=f"feeder-{site.party}", daemon=True)
        self._number = 0
        self._newest: dict[str, int] = {}

    def start(self) -> None:
        """Begin to feed."""
        self._thread.start()

    def enough(self) -> None:
        """Make no further batch; the one in hand is sent until it is answered."""
        self._enough.set()

    def finish(self, within_s: float) -> bool:
        """Whether everything was answered in time; else it is given up, and noted."""
        self._enough.set()
        self._thread.join(within_s)
        if self._thread.is_alive():
            self._given_up.set()
            self._thread.join()
            self.given.trouble.append(
                f"{self._site.party} did not answer a batch within {within_s:.0f} s of the end of all faults"
            )
            return False
        return True

    def _feed(self) -> None:
        self._site.wires.enter(self._site.party)
        with httpx.Client(timeout=REQUEST_S_MAX, trust_env=False) as client:
            while not self._enough.is_set() and not self._given_up.is_set():
                self._give(client, self._batch())
                self._enough.wait(self._random.uniform(0.0, _PAUSE_S_MAX))

    def _batch(self) -> list[dict[str, Any]]:
        return [self._report() for _ in range(self._random.randint(1, _BATCH_MAX))]

    def _report(self) -> dict[str, Any]:
        if self._newest and self._random.random() < _NEWER_SHARE:
            name = self._random.choice(list(self._newest))
        else:
            self._number += 1
            name = f"{self._site.party}-seen-{self._number}"
        version = self._newest[name] = self._newest.get(name, 0) + 1
        return {
            "kind": "event",
            "item_id": name,
            "version": version,
            "subject": name,
            "domain": "missile",
            "valid_ns": time.time_ns(),
            "event": self._random.choice(_EVENTS),
            "time_sigma_ms": self._random.randint(1, 5_000),
        }

    def _give(self, client: httpx.Client, reports: list[dict[str, Any]]) -> None:
        self.given.batches += 1
        key = f"{self._site.party}-{self.given.batches}"
        body = json.dumps({"reports": reports}).encode()
        while not self._given_up.is_set():
            answer = self._posted(client, key, body)
            self.given.answers[_UNANSWERED if answer is None else answer.status_code] += 1
            if answer is not None and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                self._answered(key, reports, answer)
                return
            if answer is not None:
                self._note_line(answer)
            time.sleep(_AGAIN_S)

    def _posted(self, client: httpx.Client, key: str, body: bytes) -> httpx.Response | None:
        address = self._site.address()
        if address is None:
            return None
        headers = {
            "authorization": f"Bearer {self._token}",
            "idempotency-key": key,
            "content-type": "application/json",
        }
        try:
            return client.post(f"{address}/intake", content=body, headers=headers)
        except httpx.HTTPError:
            return None

    def _note_line(self, answer: httpx.Response) -> None:
        """A node that cannot take a batch says why, in one line."""
        try:
            line = answer.json()["error"]
        except (ValueError, KeyError, TypeError):
            line = ""
        if not isinstance(line, str) or not line or "\n" in line:
            self.given.trouble.append(
                f"{self._site.party} answered 503 and not in one line: {answer.text[:80]!r}"
            )
        else:
            self.given.said.add(line)

    def _answered(self, key: str, reports: list[dict[str, Any]], answer: httpx.Response) -> None:
        said = answer.json() if answer.is_success else {}
        if said.get("accepted") != len(reports) or said.get("refused"):
            self.given.trouble.append(
                f"{self._site.party} answered batch {key} with {answer.status_code} {answer.text[:160]}"
            )
            return
        for report in reports:
            self.given.accepted[report["item_id"], report["version"]] = told(
                report["event"], report["valid_ns"], report["time_sigma_ms"]
            )


def told(event: str, valid_ns: int, sigma_ms: int) -> str:
    """A digest of what a report says, for comparing what was given with what is written."""
    return hashlib.sha256(f"{event} {valid_ns} {sigma_ms}".encode()).hexdigest()[:16]
