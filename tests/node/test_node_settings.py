"""A node's settings are read strictly: what is wrong refuses the file in one line that says where."""

import pytest

from trilat.domains import WatchArea
from trilat.link import LinkProfile
from trilat.model import Status, UsageError
from trilat.node import (
    ClockSettings,
    LinkSettings,
    MapSettings,
    NodeSettings,
    Peer,
    SensorSettings,
    WebSettings,
)
from trilat.node.settings import read_settings, write_settings

GOOD = """
party = "KOR"
status = "exercise"
purpose = "missile-warning"
"""
SITE = '[[sensor]]\nname = "R1"\nlat_deg = 40.0\nreach_m = 1e6\n'


def test_what_is_written_is_read_back() -> None:
    settings = NodeSettings(
        party="JPN",
        status=Status.SIMULATED,
        purpose="missile-warning",
        releasable_to=("USA", "OBS"),
        readers=("OBS",),
        peer=(
            Peer(code="USA", dial="127.0.0.1:7422", profile="thin", bits_per_s=9_600),
            Peer(code="KOR", link=False),
        ),
        web=WebSettings(listen="[::1]:8080", hosts=("watch.example",)),
        link=LinkSettings(leaf_listen="localhost:7423", server='a path with "quotes" and \\ and é'),
        sensor=(
            SensorSettings(name="R1", range_bias_sigma_m=15.0, clock_bias_sigma_s=1e-3),
            SensorSettings(name="R2", lat_deg=38.5, lon_deg=128.25, reach_m=1.5e6, azimuth_to_deg=120.0),
        ),
        map=MapSettings(places="names.toml"),
        clock=ClockSettings(kind="paced", start="2009-04-05T02:30:15Z", decision_shift_ns=-5),
        watch_area=(
            WatchArea(name="港", name_ko='a "name"', lat_deg=39.123456789, lon_deg=-1e-7, radius_m=2e4),
            WatchArea(name="North", polygon=((40.0, 139.5), (40.0, 140.5), (41.0, 140.5))),
        ),
    )
    assert read_settings(write_settings(settings)) == settings


def test_what_is_left_out_is_loopback_and_the_world_s_time() -> None:
    settings = read_settings(GOOD)
    assert settings.web.listen == settings.link.leaf_listen == "127.0.0.1:0"
    assert (settings.clock.kind, settings.peers) == ("system", ())


def test_only_thin_links_have_a_profile() -> None:
    peers = '[[peer]]\ncode = "USA"\nprofile = "thin"\n[[peer]]\ncode = "JPN"\n'
    (profile,) = read_settings(GOOD + peers).link_profiles.items()
    assert profile == ("USA", LinkProfile.thin(2_400, 1_000))
    assert (profile[1].bits_per_s, profile[1].sparing) == (2_400, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + '[[peer]]\ncode = "USA"\nprofile = "slow"', "`$.peer[0].profile`"),
        (GOOD + '[[peer]]\ncode = "USA"\nbits_per_s = 10', "`$.peer[0].bits_per_s`"),
        (GOOD + '[[peer]]\ncode = "USA"\nmessage_bytes = 10', "`$.peer[0].message_bytes`"),
        ("party = ", "node.toml: Invalid value"),
        (GOOD.replace('"KOR"', '"kor"'), "`$.party`"),
        (GOOD.replace('"KOR"', '"KOR/staff"'), "`$.party`"),
        (GOOD.replace('"exercise"', '"drill"'), "Invalid enum value 'drill'"),
        (GOOD.replace("purpose", "porpose"), "unknown field `porpose`"),
        (GOOD.replace('purpose = "missile-warning"', ""), "missing required field `purpose`"),
        (GOOD + 'colour = "red"', "unknown field `colour`"),
        (GOOD + "[web]\nlisten = 80", "Expected `str`"),
        (GOOD + '[web]\nlisten = "127.0.0.1"', "web.listen `127.0.0.1` is not HOST:PORT"),
        (GOOD + '[web]\nlisten = "127.0.0.1:70000"', "is not HOST:PORT"),
        (GOOD + '[web]\nlisten = "0.0.0.0:80"', "web.listen `0.0.0.0:80` is not loopback"),
        (GOOD + '[link]\nleaf_listen = "10.1.2.3:7422"', "link.leaf_listen `10.1.2.3:7422` is not loopback"),
        (
            GOOD + '[link]\nallow_remote = true\nclient_listen = "0.0.0.0:1"',
            "link.client_listen `0.0.0.0:1` is not loopback",
        ),
        (GOOD + '[[peer]]\ncode = "KOR"', "is the party itself"),
        (GOOD + '[[peer]]\ncode = "USA"\n[[peer]]\ncode = "USA"', "a peer stands twice"),
        (GOOD + '[[peer]]\ncode = "USA"\ndial = "nowhere"', "dial of peer USA `nowhere` is not HOST:PORT"),
        (GOOD + '[[sensor]]\nname = "R1"', "sensor `R1` states no bias"),
        (GOOD + '[[sensor]]\nname = "R1"\nlat_deg = 40.0', "takes lat_deg, lon_deg and reach_m"),
        (GOOD + '[[sensor]]\nname = "R1"\nreach_m = 1e6', "takes lat_deg, lon_deg and reach_m"),
        (GOOD + SITE + "lon_deg = 181.0", "`$.sensor[0].lon_deg`"),
        (GOOD + SITE + "lon_deg = 130.0\nelevation_min_deg = -1.0", "`$.sensor[0].elevation_min_deg`"),
        (GOOD + SITE + "lon_deg = 130.0\nazimuth_to_deg = 361.0", "`$.sensor[0].azimuth_to_deg`"),
        (GOOD + '[map]\nplaces = "../keys/x.toml"', "`$.map.places`"),
        (GOOD + '[map]\nplaces = "node.txt"', "`$.map.places`"),
        (GOOD + '[map]\nnames = "x.toml"', "unknown field `names`"),
        (GOOD + "[[sensor]]\nrange_bias_sigma_m = 15.0", "missing required field `name`"),
        (GOOD + '[[sensor]]\nname = ""\nrange_bias_sigma_m = 15.0', "`$.sensor[0].name`"),
        (GOOD + '[[sensor]]\nname = "R1"\nrange_bias_m = 15.0', "unknown field `range_bias_m`"),
        (GOOD + '[[sensor]]\nname = "R1"\nrange_bias_sigma_m = 0.0', "`$.sensor[0].range_bias_sigma_m`"),
        (GOOD + '[[sensor]]\nname = "R1"\nrange_bias_sigma_m = nan', "`$.sensor[0].range_bias_sigma_m`"),
        (GOOD + '[[sensor]]\nname = "R1"\nrange_bias_sigma_m = "15"', "`$.sensor[0].range_bias_sigma_m`"),
        (GOOD + '[[sensor]]\nname = "R1"\nangle_bias_sigma_rad = 0.3', "`$.sensor[0].angle_bias_sigma_rad`"),
        (GOOD + '[[sensor]]\nname = "R1"\nclock_bias_sigma_s = 1.0', "`$.sensor[0].clock_bias_sigma_s`"),
        (GOOD + 2 * '[[sensor]]\nname = "R1"\nclock_bias_sigma_s = 0.01\n', "a sensor stands twice"),
        (GOOD + '[[watch_area]]\nname = "a"', "watch area `a`: give either `polygon`"),
        (GOOD + '[[watch_area]]\nname = "a"\nlat_deg = nan', "`$.watch_area[0].lat_deg`"),
        (GOOD + '[[watch_area]]\nname = "a"\npolygon = [[0, 0], [1, 1], [0, 1], [1, 0]]', "meet"),
        (GOOD + '[[watch_area]]\nname = "a"\ncolour = "red"', "unknown field `colour`"),
        (GOOD + '[clock]\nkind = "sundial"', "`$.clock.kind`"),
        (GOOD + '[clock]\nkind = "paced"', "a paced clock needs clock.start"),
        (GOOD + '[clock]\nkind = "paced"\nstart = "yesterday"', "yesterday"),
        (
            GOOD.replace("exercise", "real") + '[clock]\nkind = "paced"\nstart = "2009-04-05T00:00:00Z"',
            "a node of status real runs on the system clock",
        ),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(ValueError if "yesterday" in text else UsageError) as refused:
        read_settings(text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_who_allows_remote_may_listen_there() -> None:
    settings = read_settings(GOOD + '[web]\nlisten = "0.0.0.0:80"\nallow_remote = true')
    assert settings.web.allow_remote
