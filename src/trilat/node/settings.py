"""`NodeSettings`: what a node is told in its `node.toml`, read strictly and written by `trilat node init`.

A field that is unknown or misspelt, of the wrong type or beyond its limits refuses the file in one line.
Addresses are `HOST:PORT`; port 0 takes any that is free. Nothing listens beyond loopback unless
`allow_remote` says so.
"""

import ipaddress
import re
import tomllib
from typing import Annotated, Any, Final

import msgspec

from trilat.domains import AREAS_MAX, SensorSite, WatchArea, check_watch_areas
from trilat.fusion import BiasPrior
from trilat.ledger import is_postgres_url, refuse_unsafe_url
from trilat.link import LinkProfile
from trilat.model import LedgerError, Status, UsageError, format_instant, parse_instant

NODE_FILE: Final = "node.toml"
_LISTS: Final = ("peer", "hub", "sensor", "watch_area")
"""Settings that are lists of tables, `[[NAME]]` each."""

_FRESH_S_REAL: Final = 86_400
"""A day: a node that means the world and hears nobody for longer gives nothing."""

_SENSORS_MAX: Final = 32
"""Sensors whose biases are estimated together."""

_PARTY: Final = r"^[A-Z][A-Z0-9]{1,11}$"
_ADDRESS: Final = re.compile(r"^(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(?P<port>[0-9]{1,5})$")

Code = Annotated[str, msgspec.Meta(pattern=_PARTY)]


class Peer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party for which this node decides, and how its link stands."""

    code: Code
    link: bool = True
    """Whether the two are linked directly; without, only what an intermediary passes on comes over."""

    dial: str = ""
    """Where the partner's server listens for us; empty where the partner dials us."""

    through: str = ""
    """The hub by whose name the two reach each other; a direct link beside it stands in while it is away."""

    profile: Annotated[str, msgspec.Meta(pattern="^(wide|thin)$")] = "wide"
    """How the link is used: as fast as it can, or sparingly at a rate."""

    bits_per_s: Annotated[int, msgspec.Meta(ge=50, le=1_000_000_000)] = 2_400
    """What a thin link carries."""

    message_bytes: Annotated[int, msgspec.Meta(ge=200, le=524_288)] = 1_000
    """The size at which a message of a thin link is full."""

    @property
    def is_linked(self) -> bool:
        """Whether there is any way to the partner."""
        return self.link or bool(self.through)

    @property
    def link_profile(self) -> LinkProfile | None:
        """The profile of a thin link; None for one that needs none."""
        return LinkProfile.thin(self.bits_per_s, self.message_bytes) if self.profile == "thin" else None


class HubDial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hub through which partners are reached: one connection for all of them."""

    name: Code
    dial: str
    """Where it listens."""


class SensorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far all plots of an own sensor may be off together, one sigma; left out: not at all. And where it
    stands and how far it sees, for the own staff's map.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """As its reports name it."""

    range_bias_sigma_m: Annotated[float, msgspec.Meta(ge=1e-3, le=1e4)] | None = None
    angle_bias_sigma_rad: Annotated[float, msgspec.Meta(ge=1e-8, le=0.1)] | None = None
    clock_bias_sigma_s: Annotated[float, msgspec.Meta(ge=1e-6, le=0.02)] | None = None
    lat_deg: Annotated[float, msgspec.Meta(ge=-89.9, le=89.9)] | None = None
    lon_deg: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    height_m: Annotated[float, msgspec.Meta(ge=-500, le=9_000)] = 0.0
    reach_m: Annotated[float, msgspec.Meta(ge=1e3, le=1e7)] | None = None
    """How far it sees along the line of sight."""

    elevation_min_deg: Annotated[float, msgspec.Meta(ge=0, le=85)] = 0.0
    azimuth_from_deg: Annotated[float, msgspec.Meta(ge=0, le=360)] = 0.0
    azimuth_to_deg: Annotated[float, msgspec.Meta(ge=0, le=360)] = 360.0
    """Its sector runs clockwise from the first to the second; 0 to 360 is all around."""

    @property
    def site(self) -> SensorSite | None:
        """Where it stands and what it sees; None where it is not said."""
        if self.lat_deg is None or self.lon_deg is None or self.reach_m is None:
            return None
        return SensorSite(
            name=self.name,
            lat_deg=self.lat_deg,
            lon_deg=self.lon_deg,
            height_m=self.height_m,
            reach_m=self.reach_m,
            elevation_min_deg=self.elevation_min_deg,
            azimuth_from_deg=self.azimuth_from_deg,
            azimuth_to_deg=self.azimuth_to_deg,
        )

    @property
    def prior(self) -> BiasPrior | None:
        """The prior of its biases; None where it states none."""
        return BiasPrior.stated(self.range_bias_sigma_m, self.angle_bias_sigma_rad, self.clock_bias_sigma_s)


class MapSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the own staff's map shows beside objects."""

    places: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,59}\.toml)?(?!\n)$")] = ""
    """A file of names in the node's folder; left out: no place has a name."""


class WebSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the HTTP interface listens."""

    listen: str = "127.0.0.1:0"
    allow_remote: bool = False
    hosts: tuple[str, ...] = ()
    """Names beside loopback's by which it may be addressed."""


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the node's own NATS server listens, and which server that is."""

    client_listen: str = "127.0.0.1:0"
    """For the node itself; always loopback."""

    leaf_listen: str = "127.0.0.1:0"
    """For partners who dial us."""

    allow_remote: bool = False
    server: str = ""
    """Path of the NATS server; empty takes the one that came with the package."""

    nats: Annotated[tuple[str, ...], msgspec.Meta(max_length=64)] = ()
    """Addresses of an outside NATS that is used instead of an own server, such as `tls://nats.example.org:4222`."""

    nats_ca: str = ""
    """File with the authorities that certify the outside NATS; empty takes the system's."""

    nats_seed: str = ""
    """File with the seed of our NKey there."""

    nats_creds: str = ""
    """File with our credentials there: a user's JWT and seed."""


Officer = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,30}$")]


class DeskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers questions of release, and how long they wait."""

    officers: Annotated[tuple[Officer, ...], msgspec.Meta(max_length=64)] = ()
    """Each has a token of its own; none means that the staff answers."""

    deputies: Annotated[tuple[Officer, ...], msgspec.Meta(max_length=64)] = ()
    """They answer while an officer lets them stand in, with tokens of their own."""

    answer_within_s: Annotated[int, msgspec.Meta(ge=10, le=31_536_000)] = 3_600

    undo_s: Annotated[int, msgspec.Meta(ge=0, le=3_600)] = 0
    """How long what an officer approved is held, so that it can be taken back; it leaves so much later."""


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often the node signs what it exchanged with each partner, and how fast it looks over its ledger."""

    head_every_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 300
    """A head of each stream in which something is new, by the node's clock."""

    head_every_items: Annotated[int, msgspec.Meta(ge=1, le=4_096)] = 1_024
    """Sooner, after so many."""

    missing_after_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60
    """What a partner signed that it sent, and that has not come after so long, is told to people."""

    scrub_rows_per_s: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 200
    """Rows of the own ledger that are examined in each second, again and again; 0 for none."""


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token that holds the node's signing key; without one the key lies in `keys/`."""

    module: str = ""
    """Path of the maker's PKCS#11 library."""

    label: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """The token's."""


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people sign in, and how often everybody may ask."""

    two_person: bool = False
    """Whether a new account, role or token waits until another administrator approves it."""

    idle_s: Annotated[int, msgspec.Meta(ge=60, le=86_400)] = 1_800
    session_s: Annotated[int, msgspec.Meta(ge=300, le=604_800)] = 43_200
    """A session ends when it was not used for so long, and after so long in any case."""

    requests_per_s: Annotated[float, msgspec.Meta(ge=1, le=100_000)] = 50.0
    """Of one account or token."""

    issuer: str = ""
    """The party's OpenID Connect provider; empty for none. Its secret lies in `keys/oidc.secret`."""

    client_id: str = ""
    back: str = ""
    """This node's `/oidc/back`, as browsers reach it."""

    claim: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_]{1,60}$")] = "preferred_username"
    """The claim of the provider's token that names the account."""


_Days = Annotated[int, msgspec.Meta(ge=0, le=36_500)]


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the record is kept."""

    url: str = ""
    """`postgresql://HOST:PORT/NAME` of a server that keeps it; empty keeps it in the folder's own file."""

    keep_intake_days: _Days = 0
    keep_reading_days: _Days = 0
    keep_refusal_days: _Days = 0
    """How long the contents of these kinds are kept, days; 0 keeps them for good."""

    @property
    def keep_days(self) -> dict[str, int]:
        """The days by kind of entry."""
        return {
            "intake": self.keep_intake_days,
            "reading": self.keep_reading_days,
            "refusal": self.keep_refusal_days,
        }


class KnownSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How new the node's knowledge of agreements must be, and how they must be signed."""

    unsigned_agreements: Annotated[str, msgspec.Meta(pattern="^(|refuse|exercise)$")] = ""
    """`refuse`, or `exercise`: they are taken and said; empty takes the first where the world is meant."""

    fresh_s: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] | None = None
    """Nothing goes under an agreement of which nobody was heard for so long; 0: as the agreement itself says.
    Left out: a day where the world is meant, else 0."""

    gossip_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60
    """How often partners are told which versions are known here."""


class ClockSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose time it is."""

    kind: Annotated[str, msgspec.Meta(pattern="^(system|paced)$")] = "system"
    """`system`, or `paced`: an exercise's, which a director sets; never on a node of status real."""

    start: str = ""
    """The instant that a paced clock shows first."""

    decision_shift_ns: int = 0


class NodeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything in `node.toml`."""

    party: Code
    status: Status
    purpose: str
    releasable_to: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    """Parties beside the own staff that may read this node's picture, each with a token of its own."""

    content_level: str = ""
    headline_level: str = ""
    peer: tuple[Peer, ...] = ()
    hub: tuple[HubDial, ...] = ()
    """Hubs through which peers are reached."""

    sensor: Annotated[tuple[SensorSettings, ...], msgspec.Meta(max_length=_SENSORS_MAX)] = ()
    """Own sensors that may be constantly wrong (those that are not here are taken as right), or are drawn."""
    watch_area: Annotated[tuple[WatchArea, ...], msgspec.Meta(max_length=AREAS_MAX)] = ()
    """Areas over which the party watches; nothing of them leaves its own staff."""

    map: MapSettings = msgspec.field(default_factory=MapSettings)
    web: WebSettings = msgspec.field(default_factory=WebSettings)
    link: LinkSettings = msgspec.field(default_factory=LinkSettings)
    clock: ClockSettings = msgspec.field(default_factory=ClockSettings)
    desk: DeskSettings = msgspec.field(default_factory=DeskSettings)
    audit: AuditSettings = msgspec.field(default_factory=AuditSettings)
    token: TokenSettings = msgspec.field(default_factory=TokenSettings)
    access: AccessSettings = msgspec.field(default_factory=AccessSettings)
    ledger: LedgerSettings = msgspec.field(default_factory=LedgerSettings)
    known: KnownSettings = msgspec.field(default_factory=KnownSettings)

    @property
    def refuses_unsigned(self) -> bool:
        """Whether an agreement counts only with the signatures that it must have."""
        said = self.known.unsigned_agreements
        return said == "refuse" if said else self.status is Status.REAL

    @property
    def fresh_s(self) -> int:
        """How long nothing may be heard of an agreement, seconds; 0 for as the agreement says."""
        if self.known.fresh_s is not None:
            return self.known.fresh_s
        return _FRESH_S_REAL if self.status is Status.REAL else 0

    @property
    def peers(self) -> tuple[str, ...]:
        """The codes of all peers."""
        return tuple(peer.code for peer in self.peer)

    @property
    def link_profiles(self) -> dict[str, LinkProfile]:
        """The profiles of thin links, by partner."""
        return {peer.code: profile for peer in self.peer if (profile := peer.link_profile) is not None}

    @property
    def bias_priors(self) -> dict[str, BiasPrior]:
        """How wrong own sensors may be, by name."""
        return {sensor.name: sensor.prior for sensor in self.sensor if sensor.prior is not None}

    @property
    def sensor_sites(self) -> tuple[SensorSite, ...]:
        """Where own sensors stand and what they see."""
        return tuple(sensor.site for sensor in self.sensor if sensor.site is not None)

    @property
    def start_ns(self) -> int:
        """What a paced clock shows first, UTC ns."""
        return parse_instant(self.clock.start) if self.clock.start else 0


def read_settings(text: str) -> NodeSettings:
    """The settings in the text of a `node.toml`.

    Raises:
        UsageError: the text is not TOML, or a setting is missing, unknown or beyond its limits.
    """
    try:
        settings = msgspec.convert(tomllib.loads(text), NodeSettings, strict=True)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        # A ValueError is TOML's, or of a number with too many digits.
        raise UsageError(f"{NODE_FILE}: {error}") from error
    _check(settings)
    return settings


def _check(settings: NodeSettings) -> None:
    if len(set(settings.peers)) != len(settings.peers) or settings.party in settings.peers:
        raise UsageError(f"{NODE_FILE}: a peer stands twice, or is the party itself: list each once")
    _check_desk(settings.desk)
    _check_status(settings)
    addresses = [
        ("web.listen", settings.web.listen, settings.web.allow_remote),
        ("link.client_listen", settings.link.client_listen, False),
        ("link.leaf_listen", settings.link.leaf_listen, settings.link.allow_remote),
    ]
    for name, address, allow_remote in addresses:
        host, _ = host_and_port(address, name)
        if not allow_remote and not is_loopback(host):
            raise UsageError(
                f"{NODE_FILE}: {name} `{address}` is not loopback: listen on 127.0.0.1, or set allow_remote"
            )
    _check_access(settings.access)
    _check_ledger_url(settings.ledger.url)
    _check_sensors(settings.sensor)
    check_watch_areas(settings.watch_area, NODE_FILE)
    _check_ways(settings)
    _ = settings.start_ns


def _check_ways(settings: NodeSettings) -> None:
    hubs = [hub.name for hub in settings.hub]
    if len(set(hubs)) != len(hubs):
        raise UsageError(f"{NODE_FILE}: a hub stands twice: list each once")
    for hub in settings.hub:
        if host_and_port(hub.dial, f"dial of hub {hub.name}")[1] == 0:
            raise UsageError(
                f"{NODE_FILE}: dial of hub {hub.name} has no port: give the one that it listens on"
            )
    for peer in settings.peer:
        if peer.dial:
            host_and_port(peer.dial, f"dial of peer {peer.code}")
        if peer.through and peer.through not in hubs:
            raise UsageError(
                f"{NODE_FILE}: peer {peer.code} goes through `{peer.through}`, which is no hub: add a [[hub]]"
            )
    link = settings.link
    if link.nats and (hubs or any(peer.dial for peer in settings.peer)):
        raise UsageError(
            f"{NODE_FILE}: with link.nats all goes over the outside NATS: leave out hubs, and dial of peers"
        )
    _check_outside(link)


def _check_outside(link: LinkSettings) -> None:
    if bool(link.nats) != bool(link.nats_seed or link.nats_creds) or (link.nats_seed and link.nats_creds):
        raise UsageError(
            f"{NODE_FILE}: an outside NATS needs link.nats and one of link.nats_seed and link.nats_creds"
        )
    for url in link.nats:
        if not url.startswith("tls://"):
            raise UsageError(f"{NODE_FILE}: link.nats `{url}` is not encrypted: give `tls://HOST:PORT`")
        host_and_port(url.removeprefix("tls://"), "link.nats")


def _check_access(access: AccessSettings) -> None:
    if access.issuer and not (access.client_id and access.back):
        raise UsageError(f"{NODE_FILE}: access.issuer needs client_id and back beside it")


def _check_ledger_url(url: str) -> None:
    if url and not is_postgres_url(url):
        raise UsageError(f"{NODE_FILE}: ledger.url is no address of a server: postgresql://HOST:PORT/NAME")
    try:
        if url:
            refuse_unsafe_url(url)
    except LedgerError as error:
        raise UsageError(f"{NODE_FILE}: ledger.url: {error}") from error


def _check_status(settings: NodeSettings) -> None:
    """What a node that means the world may not do."""
    if settings.status is Status.REAL and not settings.refuses_unsigned:
        raise UsageError(
            f"{NODE_FILE}: a node of status real takes signed agreements only: leave out unsigned_agreements"
        )
    if settings.clock.kind == "paced":
        if settings.status is Status.REAL:
            raise UsageError(f"{NODE_FILE}: a node of status real runs on the system clock: set clock.kind")
        if not settings.clock.start:
            raise UsageError(f"{NODE_FILE}: a paced clock needs clock.start, an instant in UTC")


def _check_desk(desk: DeskSettings) -> None:
    named = (*desk.officers, *desk.deputies)
    if len(set(named)) != len(named):
        raise UsageError(f"{NODE_FILE}: an officer or deputy stands twice in desk: list each once, as one")
    if desk.deputies and not desk.officers:
        raise UsageError(f"{NODE_FILE}: desk has deputies and no officer to stand in for: name officers")


def _check_sensors(sensors: tuple[SensorSettings, ...]) -> None:
    if len({sensor.name for sensor in sensors}) != len(sensors):
        raise UsageError(f"{NODE_FILE}: a sensor stands twice: list each once")
    for sensor in sensors:
        where = (sensor.lat_deg, sensor.lon_deg, sensor.reach_m)
        if any(given is not None for given in where) and sensor.site is None:
            raise UsageError(
                f"{NODE_FILE}: sensor `{sensor.name}`: where it stands takes lat_deg, lon_deg and reach_m"
            )
        if sensor.prior is None and sensor.site is None:
            raise UsageError(
                f"{NODE_FILE}: sensor `{sensor.name}` states no bias: give range_bias_sigma_m,"
                " angle_bias_sigma_rad or clock_bias_sigma_s, or where it stands, or leave it out"
            )


def party_code(text: str) -> str:
    """A party's code as it was given.

    Raises:
        UsageError: it is none.
    """
    if re.fullmatch(_PARTY, text) is None:
        raise UsageError(f"`{text}` is not a party's code: give capital letters, such as `KOR`")
    return text


def host_and_port(address: str, name: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`.

    Raises:
        UsageError: it is not one; `name` says which setting.
    """
    found = _ADDRESS.match(address)
    if found is None or int(found["port"]) > 65_535:
        raise UsageError(f"{name} `{address}` is not HOST:PORT: write 127.0.0.1:8080, for example")
    return found["host"].strip("[]"), int(found["port"])


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def write_settings(settings: NodeSettings) -> str:
    """The text of a `node.toml` that `read_settings` reads back to the same settings."""
    plain: dict[str, Any] = msgspec.to_builtins(settings)
    lines = [
        f"# The node of {settings.party}. Start it with `trilat node run FOLDER`.",
        *_fields(plain),
    ]
    for name in ("map", "web", "link", "clock", "desk", "access", "ledger", "token", "audit", "known"):
        lines += ["", f"[{name}]", *_fields(plain[name])]
    for name in _LISTS:
        for entry in plain[name]:
            lines += ["", f"[[{name}]]", *_fields(entry)]
    return "\n".join(lines) + "\n"


def _fields(table: dict[str, Any]) -> list[str]:
    return [
        f"{name} = {_value(value)}"
        for name, value in table.items()
        if not isinstance(value, dict) and name not in _LISTS and value is not None
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(part) for part in value)}]"
    if isinstance(value, int | float):
        return repr(value)
    # A basic string of TOML has the escapes of a JSON string.
    return msgspec.json.encode(str(value)).decode()


def start_of(instant_ns: int) -> str:
    """How `clock.start` is written."""
    return format_instant(instant_ns)
