"""Two bodies that part: which plot was of which, decided by a few dozen plots instead of by each alone.

When a stage falls away, two tracks lie nearer together than a sensor can tell. Pairing each scan by itself
then goes wrong in a way that lasts: two radars, each sharp along its own line, pair crosswise, and both
tracks settle where the line of one body meets that of the other. So for a track and the child that split off
it the pairings not taken are kept too, each as the two tracks that would have come of it and a log weight
against the pairing that the picture shows:

    others <- others and the picture, each with the scan's plots both ways round

Those far less likely than the best, and those that come to the same states as a better one, are dropped. When
one is more likely than the picture by SWITCH_LOG, the picture becomes that one: a multiple hypothesis tracker
(Reid, IEEE T-AC 24(6) 1979) of two tracks, for as long as it takes. All on values, as in `picture`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from trilat.fusion.existence import NS_PER_S
from trilat.fusion.filters.measurement import Measurement
from trilat.fusion.filters.stages import Bank
from trilat.fusion.sharing.combine import squared_distance
from trilat.fusion.track import Track, TrackerSettings, bank_score, bank_state, predicted_bank, updated_track

# So long after the younger was born its pairings are looked at again, seconds.
PARTING_S = 60.0
# Log odds at which another pairing takes the place of the one shown: 20 to 1.
SWITCH_LOG = 3.0
# One less likely than the best by this is dropped, and so is one beyond so many.
_DROP_LOG = 12.0
_OTHERS_MAX = 6
# Two pairings whose states differ by less than this (squared distance, of both tracks) are one.
_SAME = 0.3

Plots = tuple[Measurement | None, Measurement | None]
"""The plots of a scan that the older and the younger track take."""


@dataclass(frozen=True, eq=False)
class Pairing:
    """Both tracks as they would be, the older first, and the log weight against the ones shown."""

    tracks: tuple[Track, Track] = field(repr=False)
    log_weight: float
    plots: Plots


Partings = Mapping[tuple[int, int], tuple[Pairing, ...]]
"""The pairings not shown, by the ordinals of parent and child."""


@dataclass(frozen=True, eq=False)
class _Both:
    """Two tracks before a scan, their filters at its instant, and their log weight."""

    tracks: tuple[Track, Track]
    banks: tuple[Bank, Bank]
    log_weight: float


def reconsidered(
    before: Sequence[Track],
    after: Sequence[Track],
    banks: Sequence[Bank],
    plots: Mapping[int, Measurement],
    partings: Partings,
    settings: TrackerSettings,
) -> tuple[tuple[Track, ...], dict[int, Measurement], Partings]:
    """The tracks after a scan, the plots that each took, and the pairings not shown.

    Args:
        before: the tracks carried to the scan, and `banks` their filters there.
        after: the same tracks after the scan.
        banks: of `before`, at the instant of the scan.
        plots: the plot that each track took, by its place.
        partings: the pairings not shown, before the scan.
        settings: of the tracker.
    """
    tracks, taken, kept = list(after), dict(plots), {}
    changed: set[int] = set()
    for first, second in _parting(before):
        names = (before[first].ordinal, before[second].ordinal)
        pair: Plots = (plots.get(first), plots.get(second))
        held = partings.get(names, ())
        if changed & {first, second}:
            continue
        if pair == (None, None):
            kept[names] = held
            continue
        shown = (tracks[first], tracks[second])
        start = _Both((before[first], before[second]), (banks[first], banks[second]), 0.0)
        found = _alternatives(start, shown, pair, held, settings)
        if found and found[0].log_weight > SWITCH_LOG:
            best = found[0]
            for place, new, plot in zip((first, second), best.tracks, best.plots, strict=True):
                tracks[place] = _as_shown(new, tracks[place])
                taken.pop(place, None)
                if plot is not None:
                    taken[place] = plot
            changed |= {first, second}
            others = [Pairing(shown, 0.0, pair), *found[1:]]
            found = [replace(one, log_weight=one.log_weight - best.log_weight) for one in others]
        kept[names] = tuple(found)
    return tuple(tracks), taken, kept


def _parting(tracks: Sequence[Track]) -> list[tuple[int, int]]:
    """Places of a track and a young child of it, in order of children."""
    places = {track.number: place for place, track in enumerate(tracks) if track.number}
    return [
        (places[track.parent], place)
        for place, track in enumerate(tracks)
        if track.parent in places
        and places[track.parent] != place
        and track.looked_ns - track.born_ns <= PARTING_S * NS_PER_S
    ]


def _alternatives(
    start: _Both, shown: tuple[Track, Track], pair: Plots, held: Sequence[Pairing], settings: TrackerSettings
) -> list[Pairing]:
    """The pairings not shown after a scan, the likeliest first."""
    time_ns = next(plot.time_ns for plot in pair if plot is not None)
    shown_log = _log_density(start, pair)
    crosswise: Plots = (pair[1], pair[0])
    rated = [(_log_density(start, crosswise) - shown_log, start, crosswise)]
    for other in held:
        first, second = (predicted_bank(track, time_ns, settings) for track in other.tracks)
        both = _Both(other.tracks, (first, second), other.log_weight)
        rated += [(both.log_weight + _log_density(both, p) - shown_log, both, p) for p in (pair, crosswise)]
    rated.sort(key=lambda one: -one[0])
    least = max(rated[0][0], 0.0) - _DROP_LOG
    found: list[Pairing] = []
    for log_weight, both, plots in rated:
        if log_weight < least or len(found) == _OTHERS_MAX:
            break
        tracks = _updated(both, plots, settings)
        known = [shown, *(one.tracks for one in found)]
        if tracks is not None and not any(_is_same(tracks, one) for one in known):
            found.append(Pairing(tracks, log_weight, plots))
    return found


def _log_density(both: _Both, plots: Plots) -> float:
    return sum(
        bank_score(bank, plot)[1] for bank, plot in zip(both.banks, plots, strict=True) if plot is not None
    )


def _updated(both: _Both, plots: Plots, settings: TrackerSettings) -> tuple[Track, Track] | None:
    """Both tracks after their plots; None where filters come out unsound."""
    new = []
    for track, bank, plot in zip(both.tracks, both.banks, plots, strict=True):
        after = track if plot is None else updated_track(track, bank, plot, settings, plot, is_seen=True)
        if after is None:
            return None
        new.append(after)
    return new[0], new[1]


def _is_same(first: tuple[Track, Track], second: tuple[Track, Track]) -> bool:
    """Whether two pairings say the same of where bodies are, whatever they call them."""
    one, two = ([bank_state(track.bank)[:2] for track in tracks] for tracks in (first, second))
    if any(a.time_ns != b.time_ns for a, b in zip(first, second, strict=True)):
        return False
    straight = squared_distance(one[0], two[0]) + squared_distance(one[1], two[1])
    return straight < _SAME or squared_distance(one[0], two[1]) + squared_distance(one[1], two[0]) < _SAME


def _as_shown(new: Track, shown: Track) -> Track:
    """The track of another pairing, with what the picture says of it otherwise."""
    return replace(
        new,
        number=shown.number,
        parent=shown.parent,
        first_time_ns=shown.first_time_ns,
        # Where the two have exchanged names since, the past goes with the name.
        history=new.history if new.number == shown.number else shown.history,
        existence=shown.existence,
        looked_ns=shown.looked_ns,
        looks=shown.looks,
    )
