"""`Watched`: the party's watch areas, and the life of each threat to one: raised, updated, retracted.

Rules
1. What a party watches over is for its own staff, and for readers that are no peers. Its areas and threats
   to them are items like others and come to a screen through the same door, but they are offered to no peer,
   enter no View, and are made from the staff's View: with or without them every release is the same.
2. A threat is raised and retracted by the rule with hysteresis in `trilat.domains.threats`; a retraction is a
   new version, told as loudly. One that was retracted is raised again when it comes back.
3. A standing threat is told again when its probability moved by `PROBABILITY_STEP_PPM` or its window by
   `WINDOW_STEP_S`, at most every `UPDATE_EVERY_S`.
4. What stands is told again every `AGAIN_EVERY_S`, and areas when the node begins: an area that was taken out
   of the settings leaves the picture by itself.
5. A threat is forgotten `PAST_S` after its window. Of each party at most `STANDING_MAX` stand, so that
   nobody's flood hides what others show.
"""

from dataclasses import dataclass
from typing import Final

from trilat.domains import (
    AreaThreat,
    Threatened,
    ThreatStep,
    WatchArea,
    area_key,
    continued,
    next_step,
    place_of,
)
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Domain,
    Ellipse,
    LocalName,
    Polygon,
    Provenance,
    Threat,
    Warning,
    WarningKind,
    WarningState,
    format_instant,
)
from trilat.node.config import NodeConfig
from trilat.node.heads import Heads
from trilat.node.views import View

AGAIN_EVERY_S: Final = 300
PAST_S: Final = 600
UPDATE_EVERY_S: Final = 10
PROBABILITY_STEP_PPM: Final = 50_000
WINDOW_STEP_S: Final = 5
STANDING_MAX: Final = 200

_PPM: Final = 1_000_000


@dataclass
class _Held:
    warning: Warning
    said_ns: int
    threat: AreaThreat
    """As it was when it was last above the lower bound."""

    below_since_ns: int | None = None


class Watched:
    """All threats that one node has told its staff of."""

    def __init__(self, config: NodeConfig) -> None:
        """None yet."""
        self._config = config
        self._name = f"warn-{config.party}-"
        self._prefix = f"{config.party}-{self._name}"
        self._areas = config.watch_areas
        self._corners = tuple(area.corners for area in config.watch_areas)
        self._keys = tuple(area_key(area) for area in config.watch_areas)
        self._held: dict[str, _Held] = {}
        self._areas_said_ns: int | None = None

    def restore(self, item: AnyItem, said_ns: int) -> None:
        """Continue with a threat told of before a restart; areas are told anew."""
        if not isinstance(item, Warning) or item.threat is None:
            return
        key = item.item_id.removeprefix(self._prefix)
        if item.state is WarningState.RETRACTED:
            self._held.pop(key, None)
        else:
            self._held[key] = _Held(item, said_ns, _area_threat(item.threat))

    def standing(self) -> tuple[Warning, ...]:
        """Threats that are not retracted."""
        return tuple(held.warning for _, held in sorted(self._held.items()))

    def update(self, staff: View, now_ns: int, heads: Heads) -> tuple[AnyItem, ...]:
        """What is new for the own staff, from what their View shows now."""
        if not self._areas:
            return ()
        self._forget(now_ns)
        told: list[AnyItem] = list(self._areas_again(now_ns, heads))
        for found in staff.threatened(now_ns, self._corners):
            warning = self._follow(found, now_ns, heads)
            if warning is not None:
                told.append(warning)
        return tuple(told)

    def _forget(self, now_ns: int) -> None:
        past_ns = now_ns - PAST_S * SECOND_NS
        past = [key for key, held in self._held.items() if (held.threat.last_ns or 0) < past_ns]
        for key in past:
            del self._held[key]

    def _areas_again(self, now_ns: int, heads: Heads) -> list[Area]:
        """The areas as items (rule 4)."""
        last_ns = self._areas_said_ns
        if last_ns is not None and 0 <= now_ns - last_ns < AGAIN_EVERY_S * SECOND_NS:
            return []
        self._areas_said_ns = now_ns
        return [
            Area(
                **heads.head(
                    f"watch-{key}",
                    f"watch-{key}",
                    kind="area",
                    domain=Domain.MISSILE,
                    valid_ns=now_ns,
                    now_ns=now_ns,
                    releasable_to=self._config.own_readers,
                ),
                area=AreaKind.WATCH,
                region=_region(area),
                name=_name(area),
            )
            for key, area in zip(self._keys, self._areas, strict=True)
        ]

    def _follow(self, found: Threatened, now_ns: int, heads: Heads) -> Warning | None:
        """A new version of one threat, where there is something to say."""
        key = self._key(found)
        standing = self._held.get(key)
        step, below_since_ns = next_step(
            found.threat,
            None if standing is None else standing.threat,
            None if standing is None else standing.below_since_ns,
            now_ns,
        )
        if step is ThreatStep.RAISE:
            return self._raise(key, found, now_ns, heads)
        if standing is None:
            return None
        standing.below_since_ns = below_since_ns
        if step is ThreatStep.WITHDRAW:
            retraction = self._say(key, found, standing.threat, WarningState.RETRACTED, now_ns, heads)
            del self._held[key]
            return retraction
        if step is ThreatStep.KEEP and found.threat.first_ns is not None:
            standing.threat = continued(found.threat, standing.threat, now_ns)
            if self._is_news(standing, now_ns):
                return self._say(key, found, standing.threat, WarningState.UPDATED, now_ns, heads)
        return None

    def _key(self, found: Threatened) -> str:
        """The name under which this threat stands already, else its own."""
        area = self._keys[found.area]
        names = [f"threat-{area}-{key}" for key in (found.key, *found.former_keys)]
        return next((name for name in names if name in self._held), names[0])

    def _raise(self, key: str, found: Threatened, now_ns: int, heads: Heads) -> Warning | None:
        party = found.sources[0]
        standing = sum(held.warning.sources[0] == party for held in self._held.values())
        if found.threat.first_ns is None or standing >= STANDING_MAX:  # 5
            return None
        return self._say(key, found, found.threat, WarningState.RAISED, now_ns, heads)

    @staticmethod
    def _is_news(held: _Held, now_ns: int) -> bool:
        """Whether a standing threat is to be told again (rules 3 and 4)."""
        told, silent_s = held.warning.threat, (now_ns - held.said_ns) / SECOND_NS
        if told is None or silent_s < UPDATE_EVERY_S:
            return False
        if silent_s >= AGAIN_EVERY_S:
            return True
        said, now = _area_threat(told), held.threat
        moved_ns = max(
            abs((now.first_ns or 0) - (said.first_ns or 0)), abs((now.last_ns or 0) - (said.last_ns or 0))
        )
        return (
            abs(now.probability - said.probability) * _PPM >= PROBABILITY_STEP_PPM
            or moved_ns >= WINDOW_STEP_S * SECOND_NS
        )

    def _say(
        self,
        key: str,
        found: Threatened,
        threat: AreaThreat,
        state: WarningState,
        now_ns: int,
        heads: Heads,
    ) -> Warning:
        """The next version of a threat; `threat` is what it says, or said before it was retracted."""
        party, area = self._config.party, self._areas[found.area]
        said = _threat(f"{party}-watch-{self._keys[found.area]}", area, threat)
        head = heads.head(
            f"{self._name}{key}",
            found.subject,
            kind="warning",
            domain=found.domain,
            valid_ns=now_ns,
            now_ns=now_ns,
            releasable_to=self._config.own_readers,
            provenance=Provenance(
                originators=tuple(dict.fromkeys((party, *found.sources))),
                received_under=found.received_under,
            ),
        )
        warning = Warning(
            **head,
            warning=WarningKind.THREAT,
            state=state,
            basis=found.basis,
            sources=found.sources,
            text=_text(area, said, state),
            threat=said,
        )
        self._held[key] = _Held(warning, now_ns, threat)
        return warning


def _name(area: WatchArea) -> LocalName:
    return LocalName(name=area.name, ja=area.name_ja, ko=area.name_ko)


def _region(area: WatchArea) -> Ellipse | Polygon:
    if area.lat_deg is None or area.lon_deg is None or area.radius_m is None:
        return Polygon(corners=tuple(place_of(*corner) for corner in area.polygon))
    radius_m = max(1, round(area.radius_m))
    return Ellipse(centre=place_of(area.lat_deg, area.lon_deg), semi_major_m=radius_m, semi_minor_m=radius_m)


def _threat(subject: str, area: WatchArea, threat: AreaThreat) -> Threat:
    return Threat(
        area=subject,
        name=_name(area),
        impact_ppm=round(threat.impact_probability * _PPM),
        overflight_ppm=round(threat.overflight_probability * _PPM),
        first_ns=threat.first_ns or 0,
        last_ns=threat.last_ns or 0,
    )


def _area_threat(threat: Threat) -> AreaThreat:
    return AreaThreat(threat.impact_ppm / _PPM, threat.overflight_ppm / _PPM, threat.first_ns, threat.last_ns)


def _text(area: WatchArea, threat: Threat, state: WarningState) -> str:
    if state is WarningState.RETRACTED:
        return f"no threat to {area.name} any more: the object misses it"
    first, last = (format_instant(ns // SECOND_NS * SECOND_NS) for ns in (threat.first_ns, threat.last_ns))
    return (
        f"threat to {area.name} from {first} to {last}: {threat.impact_ppm / 1e4:.0f} % that it comes down "
        f"there, {threat.overflight_ppm / 1e4:.0f} % that it flies over"
    )
