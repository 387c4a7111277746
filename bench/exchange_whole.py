"""Whole trackers that exchange, for `bench/exchange.py`: from launch on, nothing known beforehand.

Three trackers of own plots; from burnout on each party sends a tracklet per 10 s of fall and per plot while
it burns, through compressors and exchanges in a ring with one relay, in which all is heard more than once.
Beside them the same tracker fed with all plots, and one that combines its partners' tracks when read: every
10 s a new version, read 8 s later, with lineage known and withheld. A window ends ten seconds after it
began, not at the instants that are read: then the last tracklet is up to ten seconds old, the central
tracker is not. `as late` is the central tracker that gets a partner's plots only when a tracklet of them is
sent: what is left between it and the tracklets is the price of the tracklets themselves.
"""

import numpy as np
from exchange_study import SETTLED, STALE_S, World, coasted, mean_of, rms, summed
from figures import Figure, resampled_interval
from observing import observation

from trilat.fusion import Compressor, Exchange, SourceTrack, Tracker, clairvoyant_bound
from trilat.model import SECOND_NS
from trilat.scenario import observe

METHODS = ("central", "as late", "tracklets", "tracks", "withheld", "reference")
RING = {"USA": ("KOR", "AUS"), "KOR": ("USA", "JPN"), "JPN": ("KOR", "AUS"), "AUS": ("JPN", "USA")}


class Node:
    """A party: a tracker of own plots, one of everything it may have, and what it exchanges."""

    def __init__(self, name):
        self.name = name
        self.own, self.all = Tracker(), Tracker()
        self.compressor, self.exchange = Compressor(name), Exchange(name)
        self.cursors, self.count = {}, 0

    def measure(self, plot):
        self.own.add(plot)
        self.all.add(plot)
        self.compressor.add(plot, f"{self.name}{self.count:08d}".encode())
        self.count += 1

    def state_at(self, time_ns):
        known = self.own.estimates(time_ns)
        return (known[0].mean, known[0].stage) if known else None

    def publish(self, now_ns):
        """Sends the tracklets that are ready; returns the instant up to which plots are in them."""
        sent = self.compressor.take(now_ns, self.state_at)
        for made in sent:
            self.exchange.offer(made)
        return max((made.time_ns for made in sent), default=None)

    def hear(self, sender, now_ns):
        messages, self.cursors[sender.name] = sender.exchange.since(self.cursors.get(sender.name, 0))
        for message in messages:
            _, tracklet = self.exchange.receive(message, now_ns)
            if tracklet is not None:
                self.all.add(tracklet)


class Flight:
    """One flight: estimates of the USA at the settled and the stale instants, by method."""

    def __init__(self, world, seed):
        self.world = world
        self.plots = [observation(world.scenario, plot) for plot in observe(world.scenario, seed)]
        self.nodes = {name: Node(name) for name in RING}
        self.central, self.as_late = Tracker(), Tracker()
        self.waiting = {name: [] for name in RING}
        self.joined = {known: Tracker() for known in (True, False)}
        self.got = {name: [] for name in METHODS}
        self.place, self.shared = 0, {}
        for second in range(40, round(world.start_s + max(SETTLED) + STALE_S) + 1):
            now_ns = world.scenario.launch_ns + second * SECOND_NS
            self._measure(now_ns)
            self._exchange(now_ns, second - world.start_s)
            self._read(now_ns, second - world.start_s)

    def _measure(self, now_ns):
        while self.place < len(self.plots) and self.plots[self.place].time_ns <= now_ns:
            plot = self.plots[self.place]
            self.nodes[plot.source].measure(plot)
            trackers = [self.central]
            if plot.source == "USA":
                trackers += [self.as_late, *self.joined.values()]
            else:
                self.waiting[plot.source].append(plot)
            for tracker in trackers:
                tracker.add(plot)
            self.place += 1

    def _exchange(self, now_ns, after):
        for name, node in self.nodes.items():
            sent_ns = node.publish(now_ns)
            while sent_ns is not None and self.waiting[name] and self.waiting[name][0].time_ns <= sent_ns:
                self.as_late.add(self.waiting[name].pop(0))
        # Twice, so that what was sent this second is everywhere: the ring is two links wide.
        for name in (*RING, *RING):
            for neighbour in RING[name]:
                self.nodes[name].hear(self.nodes[neighbour], now_ns)
        if after >= 10.0 and after % 10.0 == 0.0:
            self.shared = {name: self.nodes[name].own.estimates(now_ns) for name in ("KOR", "JPN")}
            _share(self.shared, self.joined, now_ns)

    def _read(self, now_ns, after):
        if after in SETTLED:
            self.got["central"].append(self.central.estimates(now_ns)[0])
            self.got["as late"].append(self.as_late.estimates(now_ns)[0])
            self.got["tracklets"].append(self.nodes["USA"].all.estimates(now_ns)[0])
        if after - STALE_S in SETTLED:
            self.got["tracks"].append(self.joined[True].estimates(now_ns)[0])
            self.got["withheld"].append(self.joined[False].estimates(now_ns)[0])
            own = self.nodes["USA"].own.estimates(now_ns)[0]
            self.got["reference"].append(_reference(own, self.shared, now_ns))


def _share(shared, joined, now_ns):
    for name, estimates in shared.items():
        for known, tracker in joined.items():
            if estimates:
                one = estimates[0]
                tracker.add(SourceTrack(now_ns, name, "t1", one.mean, one.covariance, known, one.stage))


def _reference(own, shared, now_ns):
    """Own estimate now and the partners' of the last exchange, added: all that this staleness allows."""
    mean, covariance = own.mean.copy(), own.covariance.copy()
    for estimates in shared.values():
        if estimates:
            held = coasted(
                estimates[0].mean, estimates[0].covariance, (now_ns - estimates[0].time_ns) / SECOND_NS
            )
            mean, covariance = summed(mean, covariance, *held)
    return mean, covariance


def whole_figures(runs):
    """Figures of whole trackers in a ring, over flights of seeds 0 to RUNS."""
    world = World()
    ends = np.array([world.start_s + e for e in SETTLED])
    rows = {name: [] for name in METHODS}
    nees = {name: [] for name in rows}
    bounds = []
    for seed in range(runs):
        flight = Flight(world, seed)
        truth = world.truth
        launch_ns = world.scenario.launch_ns
        bounds.append(
            clairvoyant_bound(
                truth.t_s,
                truth.position_m,
                truth.velocity_m_per_s,
                truth.burns,
                launch_ns,
                flight.plots,
                ends,
            )
        )
        for name, estimates in flight.got.items():
            settled = name in ("central", "as late", "tracklets")
            errors, weighed = [], []
            for second, estimate in zip(SETTLED, estimates, strict=True):
                mean, covariance = estimate if name == "reference" else (estimate.mean, estimate.covariance)
                error = world.at(second if settled else second + STALE_S) - mean
                errors.append(error[:3] @ error[:3])
                weighed.append(error @ np.linalg.solve(covariance, error) / 6.0)
            rows[name].append(errors)
            nees[name].append(weighed)
    rows = {name: np.array(values) for name, values in rows.items()}
    bound2 = np.mean(np.square(bounds), axis=0)

    def ratio(a, b):
        return rms(a / np.mean(b, axis=0))

    def figure(what, measured, low, high, reference):
        return Figure(f"{what}, whole trackers", *measured, low, high, reference, runs)

    return [
        figure(
            "position RMSE over that of a central tracker, tracklets in a ring, up to 10 s old",
            resampled_interval(ratio, rows["tracklets"], rows["central"]), None, None, "central tracker",
        ),
        figure(
            "position RMSE over that of a tracker with the same plots as late, tracklets in a ring",
            resampled_interval(ratio, rows["tracklets"], rows["as late"]), None, 1.05, "tracker of plots",
        ),
        figure(
            "position RMSE over bound, tracklets in a ring",
            resampled_interval(lambda a: rms(a / bound2), rows["tracklets"]), None, None, "known-mode bound",
        ),
        figure(
            "NEES/6 in coast, tracklets in a ring",
            resampled_interval(mean_of, np.array(nees["tracklets"])), None, None,
            f"central tracker {mean_of(np.array(nees['central'])):.2f}",
        ),
        figure(
            "8 s stale, RMSE over pedigree reference, tracks",
            resampled_interval(ratio, rows["tracks"], rows["reference"]), None, 1.02, "CI 1.04 to 1.09",
        ),
        figure(
            "8 s stale, RMSE over pedigree reference, tracks with lineage withheld",
            resampled_interval(ratio, rows["withheld"], rows["reference"]), None, None, "CI 1.04 to 1.09",
        ),
    ]  # fmt: skip
