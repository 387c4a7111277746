"""What the command line refuses: each in one line that says what to do, with exit code 2 and nothing done."""

import gzip
import zlib
from pathlib import Path

import pytest
from tests.cli.commands import EXAMPLE, FLIGHT, QUESTION, trilat

from trilat.cli.terminal import read_file
from trilat.model import UsageError

ITEMS = ("decide", "--agreements", EXAMPLE / "agreements", "--items", EXAMPLE / "items.jsonl")
ASKED = ("decide", "--agreements", "hub-2014", "--items", EXAMPLE / "items.jsonl")
TRACK = ("track", "--sites", "sites.toml", "--out", "tracks.csv")
RECORDED = ("demo", "--telemetry", "flight.csv", "--pad", "28.56,-80.57", "--azimuth", "45")

REFUSALS: list[tuple[str, tuple[str | Path, ...], str]] = [
    ("unknown option", ("--vrsion",), "no such option: --vrsion"),
    ("unknown command", ("dmo",), "no such command `dmo`. Did you mean `demo`?"),
    ("group without command", ("agreement",), "missing command (see `trilat agreement --help`)"),
    ("misspelt command of a group", ("scenario", "lst"), "no such command `lst`"),
    ("argument too many", ("demo", "extra"), "unexpected extra argument(s) (extra)"),
    ("no such scenario", ("demo", "--scenario", "nope"), "no scenario is called `nope`: choose from"),
    ("empty scenario", ("demo", "--scenario", ""), "no scenario is called ``"),
    ("no such regime", ("demo", "--regime", "nope"), "no regime `nope`: choose one of separate-2009"),
    ("negative seed", ("demo", "--seed", "-1"), "invalid value for `--seed`"),
    ("seed in words", ("demo", "--seed", "one"), "invalid value for `--seed`"),
    ("speed in words", ("demo", "--speed", "fast"), "speed `fast`: give `max`, or a number from 0.1 to 120"),
    ("no speed at all", ("demo", "--speed", "0"), "speed `0`: give `max`, or a number"),
    ("speed beyond looking", ("demo", "--speed", "max"), "speed `max` is too fast to look at"),
    ("ships and a flight", ("demo", "--ais", "empty", "--regime", "hub-2014"), "--ais plays ships alone"),
    ("ships as a table", ("demo", "--ais", "empty", "--headless"), "for figures use `trilat ingest`"),
    ("areas without a page", ("demo", "--headless", "--watch", "KOR=areas.toml"), "--watch is for the page"),
    ("areas of nobody", ("demo", "--watch", "areas.toml"), "give PARTY=FILE.toml, each party once"),
    ("areas of a stranger", ("demo", "--watch", "FRA=areas.toml"), "no party `FRA` takes part"),
    ("areas that are none", ("demo", "--watch", "KOR=places.toml"), "unknown field `moon`"),
    ("areas that are gone", ("demo", "--watch", "KOR=gone"), "`gone` cannot be read"),
    ("ledgers in a file", ("demo", "--ledgers", "empty"), "`empty` cannot be written: file exists"),
    ("pad without telemetry", ("demo", "--pad", "1,2"), "go with --telemetry"),
    ("telemetry without pad", ("demo", "--telemetry", "empty", "--azimuth", "4"), "needs --pad LAT,LON"),
    ("telemetry without azimuth", ("demo", "--telemetry", "empty", "--pad", "1,2"), "and --azimuth DEG"),
    ("telemetry and scenario", (*RECORDED, "--scenario", "unha2-2009"), "--scenario or --telemetry"),
    ("pad of one number", (*RECORDED, "--pad", "28"), "`28` is not LAT,LON"),
    ("pad of three numbers", (*RECORDED, "--pad", "1,2,3"), "`1,2,3` is not LAT,LON"),
    ("pad that is none", (*RECORDED, "--pad", "nan,2"), "`nan,2` is out of range"),
    ("pad the wrong way round", (*RECORDED, "--pad", "-120.6,34.6"), "latitude first"),
    ("azimuth that is none", (*RECORDED, "--azimuth", "nan"), "azimuth must be finite"),
    ("azimuth beyond the circle", (*RECORDED, "--azimuth", "1e300"), "azimuth within 360 degrees"),
    ("frame of another planet", (*RECORDED, "--speed-frame", "mars"), "`mars` is not `earth` or `inertial`"),
    ("events that are none", (*RECORDED, "--events", "binary"), "`events of flight.csv` is not UTF-8"),
    ("sites that are none", (*RECORDED, "--sites", "binary"), "`binary` is not UTF-8 at byte"),
    ("sites with endless digits", (*RECORDED, "--sites", "digits.toml"), "sites file is not sound TOML"),
    ("sites without a sensor", (*RECORDED, "--sites", "empty"), "holds no sensor"),
    ("missing telemetry", (*RECORDED, "--telemetry", "gone"), "`gone` cannot be read: no such file"),
    ("folder as telemetry", (*RECORDED, "--telemetry", "folder"), "`folder` cannot be read: is a directory"),
    ("empty telemetry", (*RECORDED, "--telemetry", "empty"), "`empty` is empty"),
    ("binary telemetry", (*RECORDED, "--telemetry", "binary"), "`binary` is not UTF-8"),
    ("cut gzip", (*RECORDED, "--telemetry", "cut.gz"), "`cut.gz` is gzip that ends early"),
    ("damaged gzip", (*RECORDED, "--telemetry", "damaged.gz"), "`damaged.gz` is damaged gzip"),
    ("unknown scenario shown", ("scenario", "show", "a\nb[bold]"), "no scenario is called `a b[bold]`"),
    ("simulate without folder", ("scenario", "simulate", "unha2-2009"), "missing option `--out`"),
    (
        "simulate into a file",
        ("scenario", "simulate", "two-stage-generic", "--out", "empty"),
        "`empty` cannot be written",
    ),
    (
        "seed of many digits",
        ("scenario", "simulate", "two-stage-generic", "--out", "o", "--seed", "9" * 30),
        "must lie between 0 and 2^63 - 1",
    ),
    ("flight without anything", ("flight",), "give --site, --bearing, --apogee-km, --range-km"),
    ("flight without class", (*FLIGHT, "--range-km", "3000"), "give the burn in seconds or a class"),
    (
        "flight with both",
        (*FLIGHT, "--range-km", "3000", "--class", "irbm", "--burn-s", "9"),
        "one of the two",
    ),
    ("unknown class", (*FLIGHT, "--range-km", "3000", "--class", "icbm"), "`icbm` is not a class of vehicle"),
    ("range that is none", (*FLIGHT, "--range-km", "nan", "--class", "irbm"), "`nan` is not a finite number"),
    ("endless range", (*FLIGHT, "--range-km", "inf", "--class", "irbm"), "`inf` is not a finite number"),
    ("huge range", (*FLIGHT, "--range-km", "1e9", "--class", "irbm"), "out of range"),
    ("range in words", (*FLIGHT, "--range-km", "far", "--class", "irbm"), "invalid value for `--range-km`"),
    (
        "time before launch",
        (*FLIGHT, "--range-km", "3000", "--class", "irbm", "--reported-s", "-5"),
        "reported time `-5` s is out of range",
    ),
    ("missing catalogue", ("flight", "check", "gone"), "`gone` cannot be read"),
    ("binary catalogue", ("flight", "check", "binary"), "`binary` is not UTF-8"),
    ("empty catalogue", ("flight", "check", "empty"), "lacks the columns"),
    (
        "facilities that are none",
        ("flight", "check", "empty", "--facilities", "flight.csv"),
        "`flight.csv` is not TOML",
    ),
    (
        "facility off the globe",
        ("flight", "check", "empty", "--facilities", "places.toml"),
        "`places.toml`, `moon`: `400.0,0` is out of range",
    ),
    ("no agreements", ("agreement", "check", "gone"), "no folder `gone`: give a folder of agreement files"),
    ("folder without agreements", ("agreement", "check", "folder"), "they end in .toml"),
    ("file as folder", ("agreement", "explain", "empty"), "no folder `empty`"),
    ("instant in words", ("agreement", "matrix", "hub-2014", "--at", "now"), "`now` is not an instant"),
    (
        "instant without zone",
        ("agreement", "matrix", "hub-2014", "--at", "2015-01-01T00:00:00"),
        "write RFC 3339 with Z",
    ),
    (
        "instant before all",
        ("agreement", "matrix", "hub-2014", "--at", "1960-01-01T00:00:00Z"),
        "outside the years",
    ),
    ("own folder without instant", ("agreement", "matrix", EXAMPLE / "agreements"), "give --at INSTANT"),
    ("decide without anything", ("decide",), "missing option `--agreements`"),
    ("decide on a missing file", (*ASKED, *QUESTION, "--items", "gone"), "`gone` cannot be read"),
    ("decide under no agreements", (*ITEMS, *QUESTION, "--agreements", "gone"), "no folder `gone`"),
    ("party in small letters", (*ASKED, *QUESTION, "--from", "jpn"), "parties are codes such as JPN"),
    ("path in words", (*ASKED, *QUESTION, "--via", "the hub"), "parties are codes such as JPN"),
    ("empty purpose", (*ASKED, *QUESTION, "--purpose", ""), "a purpose is a word such as missile-warning"),
    ("a thirteenth month", (*ASKED, *QUESTION, "--at", "2024-13-15T00:00:00Z"), "is not an instant"),
    ("missing consents", (*ASKED, *QUESTION, "--consents", "gone"), "`gone` cannot be read"),
    ("no such schema", ("schema", "nope"), "no schema `nope`: choose one of"),
    ("recording of what", ("ingest", "empty"), "missing option `--as`"),
    ("recording of something else", ("ingest", "empty", "--as", "radar"), "`radar` is not one of `ais`"),
    ("recording without ships", ("ingest", "binary", "--as", "ais"), "no ship was heard"),
    ("empty recording", ("ingest", "empty", "--as", "ais"), "no ship was heard"),
    ("missing recording", ("ingest", "gone", "--as", "ais"), "`gone` cannot be read"),
    (
        "node without receivers",
        ("ingest", "empty", "--as", "ais", "--node", "folder"),
        "receivers.toml` cannot be read",
    ),
    (
        "flights at places with endless digits",
        ("flight", "check", "empty", "--facilities", "digits.toml"),
        "`digits.toml` is not TOML",
    ),
    ("negative thinning", ("ingest", "empty", "--as", "ais", "--thin-s", "-1"), "for `--thin-s`"),
    ("plots without sites", ("track", "plots.csv", "--out", "o"), "missing option `--sites`"),
    ("plots without a place", ("track", "plots.csv", "--sites", "sites.toml"), "missing option `--out`"),
    ("missing plots", (*TRACK, "gone"), "`gone` cannot be read"),
    ("binary plots", (*TRACK, "binary"), "`binary` is not UTF-8"),
    ("empty plots", (*TRACK, "empty"), "plots file lacks the columns t_ns, sensor"),
    ("plots of something else", (*TRACK, "flight.csv"), "plots file lacks the columns"),
    ("plots of no known sensor", (*TRACK, "strange.csv"), "row 2: sensor `nobody` is not in the sites file"),
    (
        "sites that are no sites",
        ("track", "plots.csv", "--sites", "places.toml", "--out", "o"),
        "unknown part",
    ),
    ("tracks into a folder", ("track", "plots.csv", "--sites", "sites.toml", "--out", "folder"), "`folder`"),
    ("pictures into a file", (*TRACK, "plots.csv", "--fuse", "central", "--out", "empty"), "`empty` cannot"),
    ("fusion of another kind", (*TRACK, "plots.csv", "--fuse", "all"), "`all` is not one of"),
    ("exchange that never comes", (*TRACK, "plots.csv", "--exchange-s", "121"), "from 1 to 120"),
    ("exchange without end", (*TRACK, "plots.csv", "--exchange-s", "nan"), "from 1 to 120"),
    ("truth that is none", (*TRACK, "plots.csv", "--truth", "plots.csv"), "truth file lacks the columns"),
    ("places without a file for them", (*TRACK, "plots.csv", "--places", "places.toml"), "--products FILE"),
    (
        "places that are none",
        (*TRACK, "plots.csv", "--places", "places.toml", "--products", "p"),
        "unknown field `moon`",
    ),
    ("products into a folder", (*TRACK, "plots.csv", "--products", "folder"), "`folder` cannot be written"),
    ("no ledger", ("audit", "verify", "gone"), "no ledger `gone`"),
    ("folder as ledger", ("audit", "verify", "folder"), "no ledger `folder`"),
    ("ledger without key", ("audit", "verify", "binary"), "`binary.key` cannot be read"),
]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of input that cannot be used."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "empty").write_bytes(b"")
    (folder / "binary").write_bytes(bytes(range(256)) * 8)
    (folder / "folder").mkdir()
    rows = [f"{t},{10.0 * t},{5.0 * t * t}" for t in range(60)]
    (folder / "flight.csv").write_text("\n".join(["time_s,speed_m_per_s,altitude_m", *rows]))
    packed = gzip.compress((folder / "flight.csv").read_bytes())
    (folder / "cut.gz").write_bytes(packed[:-20])
    (folder / "damaged.gz").write_bytes(packed[:40] + bytes(40) + packed[80:])
    (folder / "sites.toml").write_text(
        '[sensor.r]\nparty = "JPN"\nlat_deg = 39.5\nlon_deg = 135.0\nheight_m = 20.0\nrange_sigma_m = 30.0\n'
        "azimuth_sigma_rad = 0.001\nelevation_sigma_rad = 0.001\n"
    )
    head = "t_ns,sensor,range_m,azimuth_rad,elevation_rad,range_rate_m_per_s"
    (folder / "plots.csv").write_text(f"{head}\n1577836847370000000,r,300000.0,1.0,0.5,\n")
    (folder / "strange.csv").write_text(f"{head}\n1577836847370000000,nobody,300000.0,1.0,0.5,\n")
    (folder / "areas.toml").write_text(
        '[[watch_area]]\nname = "a"\nlat_deg = 39\nlon_deg = 140\nradius_m = 5000\n'
    )
    (folder / "digits.toml").write_text(f"x = {'9' * 5_000}")
    (folder / "places.toml").write_text("moon = [400.0, 0]\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "text"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_is_refused_in_one_line(
    arguments: tuple[str | Path, ...], text: str, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inputs)
    ended = trilat(*arguments)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("trilat: ")
    assert text in line
    assert not line.endswith(".")


def test_nothing_is_unpacked_beyond_the_limit(tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(5_000_000)))
    with pytest.raises(UsageError, match="more than 1000000 bytes"):
        read_file(tmp_path / "bomb.gz", bytes_max=1_000_000)


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(UsageError, match="more than 4096 bytes"):
        read_file(Path("/dev/zero"), bytes_max=4096)


def test_a_gzip_file_may_have_several_members(tmp_path: Path) -> None:
    (tmp_path / "two.gz").write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))
    assert read_file(tmp_path / "two.gz") == b"one two"


def test_what_only_looks_like_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.gz").write_bytes(b"\x1f\x8b" + zlib.compress(b"text"))
    with pytest.raises(UsageError, match="damaged gzip"):
        read_file(tmp_path / "no.gz")
