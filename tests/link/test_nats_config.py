"""The configuration of a node's server: nats-server takes it, and what cannot be is refused before."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.nats_sites import Site, at, make_site, make_sites, relink

from trilat.link import Address, LinkedPartner, ServerSettings
from trilat.link.identity import LEAF_NKEY_FILE
from trilat.link.server_config import CONFIG_FILE, server_config, server_files
from trilat.model import UsageError

SERVER = Path(sys.executable).parent / "nats-server"
THREE = {"USA": (), "JPN": ("USA",), "KOR": ("USA", "JPN")}


def _settings(site: Site) -> ServerSettings:
    assert site.settings is not None
    return site.settings


def _takes(settings: ServerSettings) -> subprocess.CompletedProcess[str]:
    """What nats-server says of a configuration."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    for name, data in server_files(settings).items():
        (settings.folder / name).write_bytes(data)
    command = [str(SERVER), "-t", "-c", str(settings.folder / CONFIG_FILE)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "folder", ["plain", "two words", 'a "quote" \\ and $HOME', "日本 한국", "# include ; {x}: [1]"]
)
def test_nats_server_takes_the_configuration_whatever_the_folder_is_called(
    tmp_path: Path, folder: str
) -> None:
    for site in make_sites(tmp_path / folder, THREE).values():
        taken = _takes(_settings(site))
        assert taken.returncode == 0, taken.stderr


@pytest.mark.parametrize(
    "dials",
    [
        {"USA": ()},
        {"USA": (), "JPN": ("USA",)},
        # Words of the configuration's own language, which may be the codes of parties.
        {"INCLUDE": (), "TRUE": ("INCLUDE",), "ON": ("INCLUDE", "TRUE")},
    ],
)
def test_nats_server_takes_any_parties(tmp_path: Path, dials: dict[str, tuple[str, ...]]) -> None:
    for site in make_sites(tmp_path, dials).values():
        taken = _takes(_settings(site))
        assert taken.returncode == 0, taken.stderr


def test_a_party_whose_code_begins_another_ones_is_another(tmp_path: Path) -> None:
    sites = make_sites(tmp_path, {"USA": (), "US": ("USA",)})
    text = server_config(_settings(sites["USA"]))
    way = sites["USA"].partner(sites["US"]).way
    assert len({way.out, way.back}) == 2
    for word in (way.out, way.back):
        assert f'"x.{word}.>"' in text
        assert "US" not in word


def test_no_secret_stands_in_the_configuration(tmp_path: Path) -> None:
    for site in make_sites(tmp_path, THREE).values():
        files = b"".join(server_files(_settings(site)).values())
        leaf = (site.identity_folder / LEAF_NKEY_FILE).read_bytes().split(b'"')[1]
        assert leaf.startswith(b"SU")
        for secret in (leaf, site.identity.app_seed.encode(), b"PRIVATE"):
            assert secret not in files


def test_each_remote_believes_its_own_partner_alone(tmp_path: Path) -> None:
    sites = make_sites(tmp_path, THREE)
    files = server_files(_settings(sites["KOR"]))
    for party in ("USA", "JPN"):
        assert files[f"{party}.cert.pem"] == sites[party].card.tls_ca_pem
    assert set(files) == {CONFIG_FILE, "USA.cert.pem", "JPN.cert.pem"}
    files = server_files(_settings(sites["USA"]))
    assert files["diallers.cert.pem"].count(b"BEGIN") == 2
    assert sites["USA"].card.tls_ca_pem not in files["diallers.cert.pem"]


def test_no_monitoring_and_no_store_unless_asked_for(tmp_path: Path) -> None:
    site = make_sites(tmp_path, THREE)["USA"]
    text = server_config(_settings(site))
    assert '"http"' not in text
    assert "jetstream" not in text
    asked = ServerSettings(
        party="USA",
        app_nkey=site.identity.app_nkey,
        identity_folder=site.identity_folder,
        folder=site.folder / "run",
        monitor_port=8222,
    )
    assert '"http": "127.0.0.1:8222"' in server_config(asked)
    assert _takes(asked).returncode == 0


@pytest.mark.parametrize("character", ["\n", "\t", "\x00", "\x1b", "\udc80"])
def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path, character: str) -> None:
    site = make_site(tmp_path, "USA")
    settings = ServerSettings(
        party="USA",
        app_nkey=site.identity.app_nkey,
        identity_folder=Path(f"{tmp_path}/a{character}b"),
        folder=site.folder,
    )
    with pytest.raises(UsageError, match="cannot stand in the server's configuration") as caught:
        server_config(settings)
    assert str(caught.value).isprintable()


def test_an_included_path_with_a_quote_is_refused(tmp_path: Path) -> None:
    """Where identity and configuration are apart, their whole way stands in an include, without escapes."""
    sites = make_sites(tmp_path / 'a "b"', {"USA": (), "JPN": ("USA",)})
    found = _settings(sites["JPN"])
    settings = ServerSettings(
        party="JPN",
        app_nkey=found.app_nkey,
        identity_folder=found.identity_folder,
        folder=tmp_path / "elsewhere",
        partners=found.partners,
    )
    with pytest.raises(UsageError, match="cannot stand in the server's configuration"):
        server_config(settings)


@pytest.mark.parametrize(
    ("host", "port"),
    [("", 1), ("a b", 1), ("127.0.0.1", -1), ("127.0.0.1", 65_536), ('a"', 1), ("[::1]", 1), ("a:1", 1)],
)
def test_an_address_that_is_none_is_refused(host: str, port: int) -> None:
    with pytest.raises(UsageError, match=r"is not a host|is not a port"):
        Address(host=host, port=port)


def test_addresses_are_written_as_in_a_url() -> None:
    assert str(Address(host="::1", port=7)) == "[::1]:7"
    assert str(Address(host="links.example.org", port=7)) == "links.example.org:7"


def _refused(site: Site, **changes: Any) -> str:
    fields: dict[str, Any] = {
        "party": site.party,
        "app_nkey": site.identity.app_nkey,
        "identity_folder": site.identity_folder,
        "folder": site.folder,
        **changes,
    }
    with pytest.raises(UsageError) as caught:
        ServerSettings(**fields)
    return str(caught.value)


def test_settings_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    usa, kor = make_site(tmp_path, "USA"), make_site(tmp_path, "KOR")
    dialled, dialling = usa.partner(kor, at(7422)), usa.partner(kor)
    assert "stands twice" in _refused(usa, partners=(dialled, dialling), leaf_listen=at(0))
    assert "with itself" in _refused(
        usa, partners=(LinkedPartner(card=usa.card, way=dialled.way, dial=at(1)),)
    )
    assert "dials us: give leaf_listen" in _refused(usa, partners=(dialling,))
    assert "is not a public NKey" in _refused(usa, app_nkey=usa.identity.app_seed)
    assert "is not a public NKey" in _refused(usa, app_nkey='U" users: []')
    assert "is not a port" in _refused(usa, client_port=65_536)
    assert "party" in _refused(usa, party="usa")
    assert "no links of its own" in _refused(usa, party="USA/watch")
    with pytest.raises(UsageError, match="cannot be dialled at port 0"):
        usa.partner(kor, at(0))


def test_a_link_is_described_the_same_way_by_both_ends(tmp_path: Path) -> None:
    sites = make_sites(tmp_path, THREE)
    relink(sites, {"USA": ("JPN", "KOR"), "JPN": ("KOR",), "KOR": ()})
    for site in sites.values():
        taken = _takes(_settings(site))
        assert taken.returncode == 0, taken.stderr
    assert os.path.commonpath([str(site.folder) for site in sites.values()]) == str(tmp_path)
