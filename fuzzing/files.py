"""What feeds, partners and people give as files and texts."""

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from tests.examples import OTHERS, PLAIN, example
from tests.link.conftest import World

from fuzzing.target import TEXT_MAX, Target, text
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
from trilat.domains.missile import read_catalogue, read_events, read_telemetry
from trilat.model import (
    AnyItem,
    Outcome,
    PeerError,
    Status,
    decode_item,
    encode,
    item_from_json,
    parse_instant,
    strict_json,
)
from trilat.node import Manifest, NodeSettings
from trilat.node.backup import MANIFEST_FILE, read_manifest
from trilat.node.settings import read_settings, write_settings
from trilat.policy import ReleaseRequest, consents_in, decide_plain, read_agreement, read_regime
from trilat.policy.agreements import AgreementSet
from trilat.scenario import read_sites
from trilat.study import read_plots, read_references
from trilat.study.plots import read_truth
from trilat.web.events import EventReader

ROOT: Final = Path(__file__).parents[1]
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
_INSTANT_NS: Final = b"1238898615000000000"
_PLOTS: Final = (
    b"t_ns,sensor,azimuth_rad,elevation_rad,range_m,range_rate_m_per_s\n"
    + _INSTANT_NS
    + b",R1,1.0,0.3,100000,10\n"
)
_TRUTH: Final = (
    b"t_ns,object,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s\n"
    + _INSTANT_NS
    + b",S1,6378137,0,0,1,1,1\n1238898616000000000,S1,6378138,1,1,1,1,1\n"
)
_REFERENCES: Final = (
    b"t_ns,object,lat_deg,lon_deg,height_m,sigma_m\n" + _INSTANT_NS + b",S1,38.0,130.0,0,10\n"
)
_FLIGHT: Final = json.dumps(
    {"time": list(range(9)), "velocity": [10 * t for t in range(9)], "altitude": [0.01 * t for t in range(9)]}
).encode()
_FLIGHT_CSV: Final = b"time_s,speed_m_per_s,altitude_m\n" + b"".join(
    b"%d,%d,%d\n" % (t, 10 * t, 5 * t) for t in range(9)
)
_EVENTS: Final = b'{"liftoff": 0, "meco": 150, "ses1": 160}'
_CATALOGUE: Final = (
    b"date,vehicle,site_latitude_deg,site_longitude_deg,bearing_deg,apogee_km,range_km,class,burn_s\n"
    b"2017-05-14,Hwasong-12,40.066,125.210,71,2111.5,787,irbm,\n"
)
_CATALOGUE_JSON: Final = (
    b'[{"site_latitude_deg": 40.0, "site_longitude_deg": 125.2, "bearing_deg": 71, "apogee_km": 2111.5,'
    b' "range_km": 787, "class": "irbm", "reported_s": null}]'
)
_REQUEST: Final = ReleaseRequest(
    sender="KOR", recipient="USA", purpose="warning", at_ns=1_238_898_615 * 10**9
)


def file_targets(known: World) -> dict[str, Target]:
    """Readers of items, labels, agreements, settings, feeds and studies."""
    return {**_items(), **_labels(known), **_agreements(), **_feeds()}


def _items() -> dict[str, Target]:
    items: list[AnyItem] = [example(kind) for kind in PLAIN if kind not in OTHERS]
    plain = tuple(json.dumps(PLAIN[kind]).encode() for kind in PLAIN if kind not in OTHERS)
    manifest = Manifest(
        format=1, party="KOR", made="2009-04-05", entries=1, chained="00" * 32, keys=False, files={"a": "00"}
    )
    return {
        "item": Target(decode_item, tuple(encode(item) for item in items)),
        "item-json": Target(item_from_json, plain),
        "item-line": Target(_decided_plain, plain[:4]),
        "item-lines": Target(lambda data: consents_in(data.split(b"\n")), plain[:4]),
        "json": Target(lambda data: strict_json(data, TEXT_MAX), plain[:4]),
        "instant": Target(text(parse_instant), (b"2009-04-05T02:30:15.123456789Z",)),
        "backup-manifest": Target(_manifest, (msgspec.json.encode(manifest),)),
        "event-stream": Target(_events, (b'event: told\ndata: {"a": 1}\n\ndata: [1]\n\n',)),
    }


def _labels(known: World) -> dict[str, Target]:
    plain = known.statement().label
    label = msgspec.structs.replace(plain, review_ns=plain.created_ns + 1)
    coloured = msgspec.structs.replace(plain, restrictive=("TLP:GREEN",))
    origin = Origin(originator="USA", created_ns=label.created_ns)
    banners = (b"SECRET//REL TO USA, JPN", b"UNCLASSIFIED", b"TOP SECRET//NOFORN")
    return {
        "label-4774": Target(read_4774, (write_4774(label),)),
        "label-4778": Target(_binding, (write_4778(label, b"words", lambda data: data),)),
        "label-banner": Target(text(lambda said: read_banner(said, origin)), banners),
        "label-tlp": Target(text(lambda said: read_tlp(said, origin)), (b"TLP:AMBER PAP:GREEN",)),
        "label-stix": Target(lambda data: read_stix(data, origin), (write_stix(coloured, "statement"),)),
    }


def _agreements() -> dict[str, Target]:
    agreements = sorted(ROOT.glob("src/trilat/study/regimes/agreements/*.toml")) + sorted(
        ROOT.glob("examples/**/agreements/*.toml")
    )
    seeds = tuple(path.read_bytes() for path in agreements)
    regimes = tuple(path.read_bytes() for path in sorted(ROOT.glob("src/trilat/study/regimes/*/regime.toml")))
    settings = NodeSettings(party="KOR", status=Status.SIMULATED, purpose="missile-warning")
    return {
        "agreement": Target(text(partial(read_agreement, "a.toml")), seeds),
        "regime": Target(text(partial(read_regime, "r.toml")), regimes),
        "settings": Target(text(read_settings), (write_settings(settings).encode(),)),
    }


def _feeds() -> dict[str, Target]:
    (sensor,) = read_sites(_SITE.decode())
    return {
        "ais": Target(read_ais, (_AIS,)),
        "receivers": Target(text(read_receiver_map), (b'[receivers]\n"2190067" = "USA"\n',)),
        "telemetry": Target(
            partial(read_telemetry, "t.json"),
            (_FLIGHT, _FLIGHT_CSV),
        ),
        "telemetry-events": Target(partial(read_events, "e.json"), (_EVENTS,)),
        "catalogue": Target(partial(read_catalogue, "c.csv"), (_CATALOGUE, _CATALOGUE_JSON)),
        "places": Target(text(read_places), (_PLACES,)),
        "sites": Target(text(read_sites), (_SITE,)),
        "plots": Target(text(lambda said: read_plots(said, [sensor])), (_PLOTS,)),
        "truth": Target(text(read_truth), (_TRUTH,)),
        "references": Target(text(read_references), (_REFERENCES,)),
    }


def _decided_plain(data: bytes) -> None:
    """A line of JSON that is decided about, whatever it holds; nothing is agreed, so nothing goes."""
    try:
        decision = decide_plain(data, _REQUEST, AgreementSet.of({}))
    except PeerError as error:
        raise AssertionError(f"it was to raise nothing: {error!r}") from error
    assert decision.outcome is Outcome.WITHHOLD, "nothing was agreed"


def _manifest(data: bytes) -> object:
    """A backup's manifest, as it lies in its folder."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / MANIFEST_FILE).write_bytes(data)
        return read_manifest(Path(folder))


def _binding(data: bytes) -> object:
    """A bound label whose signature is taken as it is: what is read after it must hold too."""
    return read_4778(data, b"words", lambda _, signed: signed)


def _events(data: bytes) -> None:
    """A stream of events in two parts, as a page's server sends it."""
    reader = EventReader(bytes_max=TEXT_MAX)
    half = len(data) // 2
    for part in (data[:half], data[half:]):
        list(reader.feed(part))
