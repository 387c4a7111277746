"""`degrade`: the copy of an item that a decision allows, as a `Release`. Only this module makes one.

Rules
1. A release is made for a permit, for the very item decided on, and for nothing else.
2. The form takes away first, then the fields that duties strip (portions among
   them), then classes of error (`protection`),
   covering noise (`covered`), rounding, and the names of a tear-line, in this order: so a copy that is
   rounded is a function of the covered one. Where the form cannot be made, there is no release.
3. Coarser forms are functions of finer ones: coarse tracks are what tracks give, rounded, without sensors,
   counts and observation tokens, with lineage withheld.
4. The label and who made the item stay as they are: they are the originator's. Where a copy may not show
   the originator's name (attribution), `duties.attribution` says so, and the names of sensors go.
5. `received_under` never leaves: it tells of other agreements.
6. Noise and names come from the sender's key, which the shell hands in; without one, no copy that needs it
   is made.

| form | report | track | vessel | event | others |
|---|---|---|---|---|---|
| measurements | whole | - | - | whole | whole |
| tracklets | equivalent only | tracklets, no state | - | whole | whole |
| tracks | - | state, no tracklets | whole | whole | whole |
| coarse-tracks | - | state, no sensors, counts, tokens | no receiver, tokens | no tokens | no tokens |
| areas | - | - | - | no tokens | no tokens |
| existence | - | no state, tracklets, sensors, counts, stage | number only | kind and time | - |

Delay and thinning are the sender's to schedule: `due_ns` says from when a copy may leave.
"""

import math
from functools import partial
from typing import Any, Final, cast

import msgspec

from trilat.model import (
    INSTANT_NS_MAX,
    SECOND_NS,
    Account,
    AnyItem,
    Area,
    Attribution,
    Classification,
    Decision,
    Disagreement,
    Duties,
    Equivalent,
    Event,
    Form,
    Item,
    Lineage,
    Need,
    Offer,
    Outcome,
    PositionFix,
    Release,
    Report,
    Stage,
    Threat,
    Track,
    UsageError,
    Vessel,
    Warning,
    checked_copy,
    equivalent,
    kind_of,
    of_checked,
)
from trilat.policy.covered import covered
from trilat.policy.forms import CONTROL_KINDS, makeable, strippable, without
from trilat.policy.protection import coarsened, isotropic, tear_line, without_figures
from trilat.policy.rounding import (
    SPEED_MAX_MM_PER_S,
    combined_sigma,
    round_kinematics,
    round_place,
    round_region,
    rounded_down_ns,
)

_SENSOR_FIELDS: Final = ("sensor", "sensors", "receiver")
"""Fields that name the originator's own equipment; a duty of attribution empties them."""

_ATTRIBUTIONS: Final = tuple(Attribution)

KEY_BYTES_MIN: Final = 16
"""A shorter key could be guessed, and with it all that it hides."""

_TOKENLESS: Final = frozenset({Form.COARSE_TRACKS, Form.AREAS, Form.EXISTENCE})


def degrade(item: AnyItem, decision: Decision, key: bytes = b"") -> Release:
    """The release of an item that a decision permits.

    Args:
        item: as the sender holds it.
        decision: about this very version.
        key: the sender's secret, for duties that cover or rename; the same for all its releases.

    Raises:
        UsageError: the decision is no permit, is about another item, or names a form this item cannot have; a
            duty needs a key and there is none; or a tear-line is asked of who is not the originator.
    """
    form, duties = _permitted(item, decision)
    duties = _with_attribution(item, duties)
    copy = item
    if kind_of(item) not in CONTROL_KINDS:
        copy = _without_origins(_changed(item, form, duties, key), form, duties)
        if duties.tear_line:
            if not _is_originator(item, decision.sender):
                raise UsageError(f"only `{item.label.originator}` can make a tear-line of `{item.item_id}`")
            copy = tear_line(copy, form, duties, key)
    # Every field is one of the item or of the decision; only an end that is worked out here is new.
    make = Release if duties.expire_s else partial(of_checked, Release)
    return make(
        item=_without_agreements(copy),
        sender=decision.sender,
        recipient=decision.recipient,
        via=decision.via,
        purpose=decision.purpose,
        clauses=decision.clauses,
        form=form,
        duties=duties,
        decided_ns=decision.decided_ns,
        expires_ns=_expires_ns(item, decision, duties),
        equivalent_marking=_equivalent_marking(item, decision),
    )


class Degrading:
    """`degrade` for one sender, asked for several recipients of one item after another: the copy that form
    and duties make alike is made once.
    """

    def __init__(self, key: bytes) -> None:
        """Nothing made yet; `key` is the sender's, as of `degrade`."""
        self._key = key
        self._item: AnyItem | None = None
        self._duties: Duties | None = None
        self._made: Release | None = None

    def release(self, item: AnyItem, decision: Decision) -> Release:
        """What `degrade` gives; errors as there."""
        made, about = self._made, decision.item
        if (
            made is not None
            and item is self._item
            and decision.duties == self._duties
            and decision.form is made.form
            and decision.sender == made.sender
            and decision.outcome is Outcome.PERMIT
            and not made.duties.expire_s
            and about is not None
            and (about.item_id, about.version) == (item.item_id, item.version)
        ):
            # All that is left of the recipient's is in the decision, and the marking beside the original.
            return checked_copy(
                made,
                recipient=decision.recipient,
                via=decision.via,
                purpose=decision.purpose,
                clauses=decision.clauses,
                decided_ns=decision.decided_ns,
                equivalent_marking=_equivalent_marking(item, decision),
            )
        made = degrade(item, decision, self._key)
        self._item, self._duties, self._made = item, decision.duties, made
        return made


def _changed(item: AnyItem, form: Form, duties: Duties, key: bytes) -> AnyItem:
    """The content that form and duties leave, in the order of rule 2."""
    if (duties.cover_m or duties.sigma_class_m or duties.tear_line) and len(key) < KEY_BYTES_MIN:
        raise UsageError(
            f"covering and tear-lines need a key of {KEY_BYTES_MIN} bytes or more: give the sender's"
        )
    copy = _stripped(_formed(item, form), duties)
    if coarsened(duties):
        copy = without_figures(copy)
    if duties.sigma_class_m:
        copy = isotropic(copy, duties.sigma_class_m, key)
    if duties.cover_m:
        copy = covered(copy, duties, key)
    return _rounded(copy, duties)


def due_ns(item: AnyItem, decision: Decision) -> int:
    """The instant from which a permitted copy may leave: its valid time and the delay that is due. What is
    about one instant and no warning waits for a multiple of `span_s`; tracks and ships wait by `Spans`.

    Raises:
        UsageError: as in `degrade`.
    """
    _, duties = _permitted(item, decision)
    due = item.valid_ns + duties.delay_s * SECOND_NS
    if not duties.span_s or isinstance(item, Track | Vessel | Warning) or kind_of(item) in CONTROL_KINDS:
        return due
    span_ns = duties.span_s * SECOND_NS
    return -(-due // span_ns) * span_ns


def _permitted(item: AnyItem, decision: Decision) -> tuple[Form, Duties]:
    """The form and duties of a decision that permits this item (rule 1)."""
    if decision.outcome is not Outcome.PERMIT or decision.form is None or decision.duties is None:
        raise UsageError(f"the decision is `{decision.outcome.value}`: only a permit makes a release")
    about = decision.item
    if about is None or (about.item_id, about.version) != (item.item_id, item.version):
        raise UsageError(f"the decision is not about `{item.item_id}` version {item.version}: decide on it")
    # What the label's portions leave out is stripped, and may have held what this form cannot say.
    form, duties = decision.form, decision.duties
    if not makeable(item, form, duties) and not makeable(without(item, duties.strip), form, duties):
        raise UsageError(
            f"`{decision.form.value}` cannot be made from this {kind_of(item)}: decide on the item anew"
        )
    return decision.form, decision.duties


def _replaced(item: AnyItem, **changes: Any) -> AnyItem:
    return msgspec.structs.replace(item, **changes)


def _formed(item: AnyItem, form: Form) -> AnyItem:
    if isinstance(item, Track):
        return _track_formed(item, form)
    if isinstance(item, Vessel):
        return _vessel_formed(item, form)
    if isinstance(item, Event) and form is Form.EXISTENCE:
        return _replaced(item, place=None, region=None)
    return item


def _track_formed(track: Track, form: Form) -> Track:
    if (form is Form.TRACKS and not track.tracklets) or (form is Form.TRACKLETS and track.state is None):
        return track
    if form is Form.TRACKLETS:
        return msgspec.structs.replace(track, state=None)
    if form is Form.TRACKS:
        return msgspec.structs.replace(track, tracklets=())
    coarse = msgspec.structs.replace(track, tracklets=(), sensors=(), updates_count=0)
    if form is Form.COARSE_TRACKS:
        return coarse
    return msgspec.structs.replace(coarse, state=None, stage=Stage.UNKNOWN)


def _vessel_formed(vessel: Vessel, form: Form) -> AnyItem:
    if form is Form.COARSE_TRACKS:
        return msgspec.structs.replace(vessel, receiver="")
    if form is Form.EXISTENCE:
        placeless = msgspec.structs.replace(vessel, place=None, position_sigma_mm=0)
        return without(placeless, strippable("vessel"))
    return vessel


def _stripped(item: AnyItem, duties: Duties) -> AnyItem:
    strip = duties.strip
    if duties.sigma_class_m:
        strip = (*strip, *_SENSOR_FIELDS, "updates_count")
    if duties.attribution is not None and duties.attribution is not Attribution.NAMED:
        strip = (*strip, *_SENSOR_FIELDS)
    return without(item, strip)


def _rounded(item: AnyItem, duties: Duties) -> AnyItem:
    if not (duties.round_position_m or duties.round_velocity_m_per_s or duties.round_time_s):
        return item
    if isinstance(item, Report):
        return _report_rounded(item, duties)
    copy = _replaced(item, valid_ns=rounded_down_ns(item.valid_ns, duties.round_time_s))
    if isinstance(copy, Track):
        return _track_rounded(copy, duties)
    if isinstance(copy, Vessel):
        return _vessel_rounded(copy, item.valid_ns - copy.valid_ns, duties)
    if isinstance(copy, Event):
        return _event_rounded(copy, duties)
    if isinstance(copy, Area):
        return _area_rounded(copy, duties)
    if isinstance(copy, Disagreement):
        return _disagreement_rounded(copy, duties)
    if isinstance(copy, Warning) and copy.threat is not None:
        return _replaced(copy, threat=_threat_rounded(copy.threat, duties))
    if isinstance(copy, Need | Offer) and copy.place is not None:
        return _replaced(copy, place=round_place(copy.place, duties.round_position_m)[0])
    return copy


def _report_rounded(report: Report, duties: Duties) -> Report:
    seen = report.observation
    if isinstance(seen, Equivalent):
        coarser = round_kinematics(seen.kinematics, duties.round_position_m, duties.round_velocity_m_per_s)
        return msgspec.structs.replace(report, observation=msgspec.structs.replace(seen, kinematics=coarser))
    if isinstance(seen, PositionFix):
        place, width_mm = round_place(seen.place, duties.round_position_m)
        sigma_mm = (
            seen.sigma_mm if place == seen.place else combined_sigma(seen.sigma_mm, width_mm / math.sqrt(12))
        )
        return msgspec.structs.replace(
            report, observation=msgspec.structs.replace(seen, place=place, sigma_mm=sigma_mm)
        )
    return report


def _track_rounded(track: Track, duties: Duties) -> Track:
    cells = (duties.round_position_m, duties.round_velocity_m_per_s, duties.round_time_s)
    return msgspec.structs.replace(
        track,
        state=None if track.state is None else round_kinematics(track.state, *cells),
        tracklets=tuple(round_kinematics(tracklet, *cells) for tracklet in track.tracklets),
    )


def _vessel_rounded(vessel: Vessel, earlier_ns: int, duties: Duties) -> Vessel:
    """A ship on the grid; its sigma covers the cell, and how far it goes in the time rounded away."""
    place, sigma_mm = vessel.place, vessel.position_sigma_mm
    if place is not None:
        coarser, width_mm = round_place(place, duties.round_position_m)
        speed_mm_per_s = SPEED_MAX_MM_PER_S if vessel.speed_mm_per_s is None else vessel.speed_mm_per_s
        if coarser != place:
            sigma_mm = combined_sigma(sigma_mm, width_mm / math.sqrt(12))
        sigma_mm = combined_sigma(sigma_mm, speed_mm_per_s * earlier_ns / SECOND_NS)
        place = coarser
    speed = vessel.speed_mm_per_s
    if speed is not None and duties.round_velocity_m_per_s:
        cell = duties.round_velocity_m_per_s * 1_000
        speed = min(100_000, (speed + cell // 2) // cell * cell)
    return msgspec.structs.replace(vessel, place=place, position_sigma_mm=sigma_mm, speed_mm_per_s=speed)


def _event_rounded(event: Event, duties: Duties) -> Event:
    cell_m = duties.round_position_m
    return msgspec.structs.replace(
        event,
        place=None if event.place is None else round_place(event.place, cell_m)[0],
        region=None if event.region is None else cast("Any", round_region(event.region, cell_m)),
        expected_ns=None
        if event.expected_ns is None
        else rounded_down_ns(event.expected_ns, duties.round_time_s),
        time_sigma_ms=combined_sigma(event.time_sigma_ms, _time_sigma_ms(duties)),
    )


def _area_rounded(area: Area, duties: Duties) -> Area:
    expected_ns, sigma_ms = area.expected_ns, area.time_sigma_ms
    if expected_ns is not None:
        expected_ns = rounded_down_ns(expected_ns, duties.round_time_s)
        sigma_ms = combined_sigma(sigma_ms, _time_sigma_ms(duties))
    return msgspec.structs.replace(
        area,
        region=round_region(area.region, duties.round_position_m),
        expected_ns=expected_ns,
        time_sigma_ms=sigma_ms,
    )


def _disagreement_rounded(disagreement: Disagreement, duties: Duties) -> Disagreement:
    """Every account no finer than the item that it repeats would be."""
    return msgspec.structs.replace(
        disagreement,
        accounts=tuple(_account_rounded(account, duties) for account in disagreement.accounts),
        since_ns=rounded_down_ns(disagreement.since_ns, duties.round_time_s),
    )


def _threat_rounded(threat: Threat, duties: Duties) -> Threat:
    """The window rounded outwards: what was in it stays in it."""
    cell_ns = duties.round_time_s * SECOND_NS
    last_ns = rounded_down_ns(threat.last_ns, duties.round_time_s)
    return msgspec.structs.replace(
        threat,
        first_ns=rounded_down_ns(threat.first_ns, duties.round_time_s),
        last_ns=last_ns if last_ns == threat.last_ns else min(last_ns + cell_ns, INSTANT_NS_MAX),
    )


def _account_rounded(account: Account, duties: Duties) -> Account:
    place, time_ns, reach_m, sigma_ms = account.place, account.time_ns, account.reach_m, account.time_sigma_ms
    if place is not None:
        coarser, width_mm = round_place(place, duties.round_position_m)
        if coarser != place:
            # The reach is along the longer axis of 95 %: the width of the cell covers what was cut off.
            reach_m += math.ceil(width_mm / 1_000)
        place = coarser
    if time_ns is not None:
        time_ns = rounded_down_ns(time_ns, duties.round_time_s)
        sigma_ms = combined_sigma(sigma_ms, _time_sigma_ms(duties))
    return msgspec.structs.replace(
        account, place=place, time_ns=time_ns, reach_m=reach_m, time_sigma_ms=sigma_ms
    )


def _time_sigma_ms(duties: Duties) -> float:
    """Root mean square of an error uniform between zero and the cell, in ms: c/sqrt(3)."""
    return duties.round_time_s * 1_000 / math.sqrt(3)


def _without_origins(item: AnyItem, form: Form, duties: Duties) -> AnyItem:
    """The copy with no more observation tokens than the form allows (rule 3); how many there are tells how
    often a sensor looked, and a tear-line's would be those of its parent.
    """
    tokenless = form in _TOKENLESS or "observations" in duties.strip
    if not (tokenless or duties.sigma_class_m or duties.tear_line):
        return item
    provenance = msgspec.structs.replace(item.provenance, observations=(), lineage=Lineage.WITHHELD)
    return _replaced(item, provenance=provenance)


def _without_agreements(item: AnyItem) -> AnyItem:
    """The copy without the agreements under which its parts were received (rule 5)."""
    if not item.provenance.received_under:
        return item
    return _replaced(item, provenance=msgspec.structs.replace(item.provenance, received_under=()))


def _with_attribution(item: Item, duties: Duties) -> Duties:
    """The duties with the stricter of the label's attribution and theirs (rule 4)."""
    if item.label.attribution is Attribution.NAMED:
        return duties
    asked = duties.attribution or Attribution.NAMED
    strictest = max(item.label.attribution, asked, key=_ATTRIBUTIONS.index)
    if strictest is Attribution.NAMED or strictest is duties.attribution:
        return duties
    return msgspec.structs.replace(duties, attribution=strictest)


def _is_originator(item: Item, party: str) -> bool:
    """Whether an item is a party's own, also where one of its staff made it."""
    return item.label.originator.split("/", maxsplit=1)[0] == party.split("/", maxsplit=1)[0]


def _expires_ns(item: Item, decision: Decision, duties: Duties) -> int | None:
    ends = [item.label.expires_ns] if item.label.expires_ns is not None else []
    if duties.expire_s:
        ends.append(decision.decided_ns + duties.expire_s * SECOND_NS)
    return min(ends, default=None)


def _equivalent_marking(item: Item, decision: Decision) -> Classification | None:
    """The level that the next holder puts beside the original: the intermediary's where there is one, else
    the recipient's, at that date; None in the same scheme, or where there is no equivalent.
    """
    if decision.sender != item.label.originator:
        marker = decision.sender
    else:
        marker = decision.recipient if decision.via is None else decision.via
    scheme = marker.split("/", maxsplit=1)[0]
    if scheme == item.label.classification.scheme:
        return None
    in_force = item.label.classification_at(decision.decided_ns)
    return equivalent(in_force, scheme, decision.decided_ns)
