"""`TARGETS`: everything that reads bytes of others, by name, each with inputs that are sound to begin from.

A target reads the bytes as the product does and lets through only what the product's callers expect: a
`TrilatError` in one line. Any other error, a hang, or memory without bound is a fault.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Final

import msgspec
from tests.examples import OTHERS, PLAIN, example
from tests.link.conftest import World

from trilat.domains import read_places
from trilat.domains.maritime import read_ais, read_receiver_map
from trilat.domains.marking import (
    read_4774,
    read_4778,
    read_banner,
    read_stix,
    read_tlp,
    write_4774,
    write_4778,
    write_stix,
)
from trilat.domains.marking.origin import Origin
from trilat.domains.missile import read_catalogue, read_telemetry
from trilat.link import (
    LinkEndpoint,
    MemoryNetwork,
    NodeKeys,
    card_from_json,
    open_signed_item,
    read_signed_item,
    sign_item,
)
from trilat.link.messages import Acknowledgement, Notice, Pull, sign_message
from trilat.model import (
    AnyItem,
    Noun,
    Status,
    TrilatError,
    decode,
    decode_item,
    encode,
    item_from_json,
    parse_instant,
    strict_json,
)
from trilat.node import NodeSettings
from trilat.node.backup import MANIFEST_FILE, read_manifest
from trilat.node.settings import read_settings, write_settings
from trilat.policy import read_agreement
from trilat.scenario import read_sites
from trilat.study import read_plots, read_references

ROOT: Final = Path(__file__).parents[1]
TEXT_MAX: Final = 200_000
_AIS: Final = b"!AIVDM,1,1,,A,15M67FC000G?ufbE`FepT@3n00Sa,0*5C\n"
_SITE: Final = b"""[sensor.R1]
kind = "radar"
party = "KOR"
lat_deg = 38.0
lon_deg = 130.0
height_m = 10.0
azimuth_sigma_rad = 0.001
elevation_sigma_rad = 0.001
range_sigma_m = 20.0
"""
_PLACES: Final = b'[[watch_area]]\nname = "harbour"\nlat_deg = 39.5\nlon_deg = 140.0\nradius_m = 20000.0\n'
_PLOTS: Final = b"time,sensor,range_m,azimuth_deg,elevation_deg\n2009-04-05T02:30:15Z,R1,100000,10,20\n"
_REFERENCES: Final = b"time,object,lat_deg,lon_deg,height_m\n2009-04-05T02:30:15Z,S1,38.0,130.0,0\n"
_TELEMETRY: Final = b'{"stages": [{"time": [0, 1], "velocity": [0, 10], "altitude": [0, 5]}]}'
_BYTES_MAX: Final = 2_000_000


@dataclass(frozen=True)
class Target:
    """What reads, and sound inputs to begin with."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...] = field(default=(b"",), repr=False)

    def feed(self, data: bytes) -> bool:
        """Whether the bytes were taken; False where they were refused in one line.

        Raises:
            AssertionError: a refusal of more than one line, or without words.
            Exception: whatever else the reader raised, which is a fault.
        """
        try:
            self.read(data)
        except TrilatError as error:
            said = str(error)
            assert said, "a refusal has words"
            assert "\n" not in said, f"a refusal is one line: {said[:200]!r}"
            return False
        return True


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """A reader of text, behind the decoding that its callers do."""
    return lambda data: read(data.decode("utf-8", "replace")[:TEXT_MAX])


def _manifest(data: bytes) -> object:
    """A backup's manifest, as it lies in its folder."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / MANIFEST_FILE).write_bytes(data)
        return read_manifest(Path(folder))


def _binding(data: bytes) -> object:
    """A bound label whose signature is taken as it is: what is read after it must hold too."""
    return read_4778(data, b"words", lambda _, signed: signed)


def _nouns() -> Iterator[type[Noun]]:
    """Every noun that has a wire form, those of records among them."""
    waiting: list[type[Noun]] = list(Noun.__subclasses__())
    seen: set[type[Noun]] = set()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind not in seen and kind.__module__.startswith("trilat."):
            seen.add(kind)
            yield kind


@cache
def world() -> World:
    """KOR, USA and JPN, who trust each other."""
    made = World()
    for party in ("KOR", "USA", "JPN"):
        made.keys[party] = NodeKeys.generate(party, made.source.randbytes)
        made.trust.add(made.keys[party].pin)
    return made


@cache
def _endpoint() -> LinkEndpoint:
    """USA's end of its links, which takes whatever comes."""
    known = world()
    network = MemoryNetwork()
    network.endpoint("KOR")
    return LinkEndpoint(
        known.keys["USA"],
        known.trust,
        network.endpoint("USA"),
        known.source.randbytes,
        lambda *_: None,
    )


def _receive(data: bytes) -> None:
    """What comes on a link never raises anything."""
    _endpoint().receive(data)


def _payloads() -> tuple[bytes, ...]:
    known = world()
    kor, between = known.keys["KOR"], {"sender": "KOR", "recipient": "USA"}
    stream = known.keys["USA"].stream_to("KOR")
    messages = (
        Acknowledgement(**between, stream=stream, cursor=0),
        Pull(**between, stream=stream, since=0),
        Notice(**between, topic="known", content=b"x"),
    )
    envelope = known.sealer(stream=kor.stream_to("USA")).seal(1, [known.parcel(1), known.parcel(2)])
    return (envelope, *(sign_message(kor, message) for message in messages))


def _outside() -> dict[str, Target]:
    """Readers of what parties, feeds and people give."""
    known = world()
    items: list[AnyItem] = [example(kind) for kind in PLAIN if kind not in OTHERS]
    plain = tuple(json.dumps(PLAIN[kind]).encode() for kind in PLAIN)
    plain_label = known.statement().label
    label = msgspec.structs.replace(plain_label, review_ns=plain_label.created_ns + 1)
    coloured = msgspec.structs.replace(plain_label, restrictive=("TLP:GREEN",))
    origin = Origin(originator="USA", created_ns=label.created_ns)
    signed = sign_item(known.keys["KOR"], known.statement())
    settings = NodeSettings(party="KOR", status=Status.SIMULATED, purpose="missile-warning")
    (sensor,) = read_sites(_SITE.decode())
    agreements = sorted(ROOT.glob("examples/**/agreements/*.toml"))[:4]
    return {
        "item": Target(decode_item, tuple(encode(item) for item in items)),
        "item-json": Target(item_from_json, plain),
        "json": Target(lambda data: strict_json(data, TEXT_MAX), plain[:4]),
        "instant": Target(_text(parse_instant), (b"2009-04-05T02:30:15.123456789+09:00",)),
        "endpoint": Target(_receive, _payloads()),
        "card": Target(card_from_json, (b"{}",)),
        "signed-item": Target(read_signed_item, (signed,)),
        "signed-item-by-a-pin": Target(partial(open_signed_item, known.trust), (signed,)),
        "agreement": Target(
            _text(partial(read_agreement, "a.toml")), tuple(path.read_bytes() for path in agreements)
        ),
        "settings": Target(_text(read_settings), (write_settings(settings).encode(),)),
        "backup-manifest": Target(_manifest, (b'{"format":1,"party":"KOR"}',)),
        "label-4774": Target(read_4774, (write_4774(label),)),
        "label-4778": Target(_binding, (write_4778(label, b"words", lambda data: data),)),
        "label-banner": Target(_text(lambda text: read_banner(text, origin)), (b"SECRET//REL TO USA, JPN",)),
        "label-tlp": Target(_text(lambda text: read_tlp(text, origin)), (b"TLP:AMBER PAP:GREEN",)),
        "label-stix": Target(lambda data: read_stix(data, origin), (write_stix(coloured, "statement"),)),
        "ais": Target(read_ais, (_AIS,)),
        "receivers": Target(_text(read_receiver_map), (b"name,party\nA,KOR\n",)),
        "telemetry": Target(partial(read_telemetry, "t.json"), (_TELEMETRY,)),
        "catalogue": Target(partial(read_catalogue, "c.csv"), (b"name,range_km\nX,1\n",)),
        "places": Target(_text(read_places), (_PLACES,)),
        "sites": Target(_text(read_sites), (_SITE,)),
        "plots": Target(_text(lambda text: read_plots(text, [sensor])), (_PLOTS,)),
        "references": Target(_text(read_references), (_REFERENCES,)),
    }


def _inside() -> dict[str, Target]:
    """The wire form of every noun: what a ledger, a parcel or a notice holds."""
    seeds = {type(value): encode(value) for value in map(example, PLAIN)}
    return {
        f"noun-{kind.__name__}": Target(
            lambda data, kind=kind: decode(data, kind, _BYTES_MAX),  # type: ignore[misc]
            (seeds.get(kind, b"\x90"),),
        )
        for kind in sorted(_nouns(), key=lambda kind: kind.__name__)
    }


TARGETS: Final[dict[str, Target]] = {**_outside(), **_inside()}
