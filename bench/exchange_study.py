"""The runs behind `bench/exchange.py`: flight, plots, networks, filters, tallies of errors."""

import math
import random
import sys

import numpy as np
from exchange_kernels import (
    CAREFUL,
    INVERSE,
    NAIVE,
    NONE,
    RADAR,
    TRACKLET,
    bound,
    follow,
    network,
    own_run,
    summed,
)

from trilat.fusion import Contribution, EquivalentObservation, Exchange, Pedigree, coasted, impact_estimate
from trilat.geo import ecef_from_geodetic, enu_rotation
from trilat.model import SECOND_NS, ObservationError
from trilat.scenario import named_scenario

PERIOD_S, STALE_S = 10.0, 8.0
EDGES = np.arange(10.0, 241.0, PERIOD_S)
SETTLED = (40.0, 60.0, 120.0, 240.0)
READS = np.array(sorted([*SETTLED, *(e + STALE_S for e in SETTLED)]))
GRAPHS = ("chain", "star", "ring", "full")
NODES, WITH_RADAR = 5, (0, 2, 4)
TICK_S, LOSS, REPEAT, DELAY_TICKS = 1.0, 0.2, 0.3, 2
PATTERNS = 20
# The slow references need not be known as well as our own.
REFERENCE_RUNS = 200
SIGMAS = np.array([30.0, 1e-3, 1e-3])
CHI2_95 = 5.991464547107979


class World:
    """The flight after burnout and what the radars would see of it without noise."""

    def __init__(self):
        self.scenario = named_scenario("two-stage-generic")
        self.truth = next(p for p in self.scenario.trajectories if p.object_id == self.scenario.main_object)
        self.start_s = self.truth.burns[-1][1]
        # Of the run in hand: most networks end up with the same estimate.
        self.impacts = {}
        self.end = (self.truth.geodetic[0][-1], self.truth.geodetic[1][-1])
        times, owners, exact, sites, turns = [], [], [], [], []
        for node, sensor in zip(WITH_RADAR, self.scenario.sensors, strict=True):
            latitude, longitude = math.radians(sensor.latitude_deg), math.radians(sensor.longitude_deg)
            site = ecef_from_geodetic(latitude, longitude, sensor.height_m)
            turn = np.ascontiguousarray(enu_rotation(latitude, longitude))
            for t in np.arange(sensor.offset_s, 249.5, 1.0):
                east, north, up = turn @ (self.at(t)[:3] - site)
                distance = math.sqrt(east**2 + north**2 + up**2)
                elevation = math.asin(up / distance)
                if elevation > math.radians(sensor.elevation_mask_deg) and t > 0.0:
                    times.append(t)
                    owners.append(node)
                    exact.append((distance, math.atan2(east, north), elevation))
                    sites.append(site)
                    turns.append(turn)
        order = np.argsort(times, kind="stable")
        self.times, self.owners, self.exact, self.sites, self.turns = (
            np.array(a)[order] for a in (times, owners, exact, sites, turns)
        )
        self.truths = np.array([self.at(t) for t in self.times])

    def at(self, seconds):
        """True state (6,) so many seconds after burnout."""
        return np.concatenate(self.truth.state_at(self.start_s + seconds))

    def plots(self, seed):
        """Values (n, 6), noises (n, 6, 6) and axes (n, 3, 3) of the plots of a run; seed None: no noise."""
        count = self.times.shape[0]
        seen = self.exact.copy()
        if seed is not None:
            seen = seen + np.random.default_rng([4, seed]).standard_normal((count, 3)) * SIGMAS
        sin_a, cos_a, sin_e, cos_e = *_sincos(seen[:, 1]), *_sincos(seen[:, 2])
        local = np.empty((count, 3, 3))
        local[:, 0] = np.stack([cos_e * sin_a, cos_e * cos_a, sin_e], axis=1)
        local[:, 1] = np.stack([cos_a, -sin_a, np.zeros(count)], axis=1)
        local[:, 2] = np.stack([-sin_e * sin_a, -sin_e * cos_a, cos_e], axis=1)
        values, noises = np.zeros((count, 6)), np.zeros((count, 6, 6))
        values[:, 0] = seen[:, 0]
        noises[:, 0, 0] = SIGMAS[0] ** 2
        noises[:, 1, 1] = SIGMAS[1] ** 2 * (cos_e**2 + (SIGMAS[2] * sin_e) ** 2)
        noises[:, 2, 2] = SIGMAS[2] ** 2
        return values, noises, np.ascontiguousarray(local @ self.turns)

    def bound(self, end, others_end):
        """The bound of node 0 at `end` when plots of others are known up to `others_end`."""
        values, noises, axes = self.plots(None)
        used = (self.owners == 0) | (self.times <= others_end)
        return bound(self.times, self.truths, values, noises, self.sites, axes, used, end, self.at(end))


def _sincos(angle):
    return np.sin(angle), np.cos(angle)


def links(shape):
    """Directed links, both ways, of five nodes; the star's middle is node 1, which has no sensor."""
    pairs = {
        "chain": [(i, i + 1) for i in range(NODES - 1)],
        "star": [(1, i) for i in range(NODES) if i != 1],
        "ring": [(i, (i + 1) % NODES) for i in range(NODES)],
        "full": [(i, j) for i in range(NODES) for j in range(i)],
    }[shape]
    return sorted({(a, b) for i, j in pairs for a, b in ((i, j), (j, i))})


class Delivery:
    """A play of the network with the library's exchange: when node 0 counts which window of which radar.

    `arrived` (k, 3) is in seconds after burnout; others' tracklets came to node 0 `heard` times, of which
    `counted` counted.
    """

    def __init__(self, shape, impaired, seed):
        self.rng, self.impaired = random.Random(seed), impaired
        self.exchanges = [Exchange(f"P{node}") for node in range(NODES)]
        self.arrived = np.full((EDGES.shape[0], 3), np.inf)
        self.heard, self.counted = 0, 0
        self.windows, self.places, self.flying = {}, {}, []
        for tick in range(int((EDGES[-1] + 40.0) / TICK_S) + 1):
            if tick * TICK_S in EDGES:
                self._offer(tick * TICK_S)
            for link in links(shape):
                self._send(link, tick)
            due = [message for message in self.flying if message[0] <= tick]
            self.flying = [message for message in self.flying if message[0] > tick]
            self.rng.shuffle(due)
            for _, link, messages, after in due:
                self._receive(link, messages, after, tick * TICK_S)

    def _offer(self, now):
        row = int(np.searchsorted(EDGES, now))
        for column, node in enumerate(WITH_RADAR):
            tokens = frozenset(f"{node}:{row}:{n}".encode().rjust(8) for n in range(10))
            self.windows[tokens] = (row, column)
            state = np.array([7e6, 0, 0, 0, 1e3, 0])
            tracklet = EquivalentObservation(
                round(now * SECOND_NS), f"P{node}", state, np.diag([1e4] * 3 + [1e2] * 3)
            )
            pedigree = Pedigree(frozenset([f"P{node}"]), tokens)
            self.exchanges[node].offer(Contribution(tracklet, pedigree, coasting=True))
        self.arrived[row, 0] = now

    def _send(self, link, tick):
        messages, after = self.exchanges[link[0]].since(self.places.get(link, 0))
        times = 2 if self.impaired and self.rng.random() < REPEAT else 1
        for _ in range(times if messages else 0):
            late = self.rng.randint(0, DELAY_TICKS) if self.impaired else 0
            if not self.impaired or self.rng.random() >= LOSS:
                self.flying.append((tick + 1 + late, link, messages, after))

    def _receive(self, link, messages, after, now):
        for message in messages:
            _, tracklet = self.exchanges[link[1]].receive(message, round(now * SECOND_NS))
            if link[1] == 0 and message.tracklet.source != "P0":
                self.heard += 1
                if tracklet is not None:
                    self.counted += 1
                    self.arrived[self.windows[message.pedigree.observations]] = now
        # The acknowledgement gets lost as well; then all is sent again.
        if not self.impaired or self.rng.random() >= LOSS:
            self.places[link] = max(self.places.get(link, 0), after)


def copies(shape, impaired, seed):
    """How often a fused track reaches its neighbour at each edge (k, n, n)."""
    rng = np.random.default_rng([9, seed])
    out = np.zeros((EDGES.shape[0], NODES, NODES), dtype=np.int64)
    for sender, reader in links(shape):
        out[:, reader, sender] = 1
        if impaired:
            out[:, reader, sender] += rng.random(EDGES.shape[0]) < REPEAT
            out[:, reader, sender] *= rng.random(EDGES.shape[0]) >= LOSS
    return out


class Tally:
    """Errors of one method: a row per run and reading."""

    def __init__(self, world, bounds):
        self.world, self.bounds = world, bounds
        self.position, self.nees, self.area, self.inside = [], [], [], []
        self.areas = {e: self._area(world.at(e), bounds[e], e) for e in SETTLED}

    def add(self, means, covariances):
        """Takes means (r, 6) and covariances (r, 6, 6) of one run at READS."""
        position, nees = [], []
        for read, mean, covariance in zip(READS, means, covariances, strict=True):
            error = self.world.at(read) - mean
            scale = np.sqrt(np.diagonal(covariance))
            position.append(error[:3] @ error[:3] / np.trace(self.bounds[read][:3, :3]))
            weighed = np.linalg.lstsq(covariance / np.outer(scale, scale), error / scale, rcond=None)[0]
            nees.append(abs(weighed @ (error / scale)) / 6.0)
        self.position.append(position)
        self.nees.append(nees)
        rows = [
            self._impact(m, p, e) for e, m, p in zip(READS, means, covariances, strict=True) if e in SETTLED
        ]
        self.area.append([row[0] for row in rows])
        self.inside.append([row[1] for row in rows])

    def _estimate(self, mean, covariance, seconds):
        time_ns = self.world.scenario.launch_ns + round((self.world.start_s + seconds) * SECOND_NS)
        try:
            return impact_estimate(mean, covariance, time_ns, math.inf)
        except ObservationError:
            return None

    def _area(self, mean, covariance, seconds):
        return self._estimate(mean, covariance, seconds).area95_km2

    def _impact(self, mean, covariance, seconds):
        """Declared area over that of the bound, and whether it holds the true point."""
        name = (seconds, mean.tobytes(), covariance.tobytes())
        if name not in self.world.impacts:
            self.world.impacts[name] = self._impact_anew(mean, covariance, seconds)
        return self.world.impacts[name]

    def _impact_anew(self, mean, covariance, seconds):
        estimate = self._estimate(mean, covariance, seconds)
        if estimate is None:
            return math.nan, math.nan
        latitude, longitude = self.world.end
        metres = 6.371e6
        east = (longitude - math.radians(estimate.longitude_deg)) * metres * math.cos(latitude)
        north = (latitude - math.radians(estimate.latitude_deg)) * metres
        miss = np.array([east, north])
        within = miss @ np.linalg.lstsq(estimate.covariance_m2, miss, rcond=None)[0] <= CHI2_95
        return estimate.area95_km2 / self.areas[seconds], float(within)

    def columns(self):
        """Squared error ratios, NEES/6 (runs, 4 settled; runs, 4 stale), area ratios and hits (runs, 4)."""
        settled = np.isin(READS, SETTLED)
        position, nees = np.array(self.position), np.array(self.nees)
        return {
            "settled": position[:, settled],
            "stale": position[:, ~settled],
            "nees": nees[:, settled],
            "nees-stale": nees[:, ~settled],
            "area": np.array(self.area),
            "inside": np.array(self.inside),
        }


def rms(squares):
    """Root of the mean over runs, averaged over instants."""
    return float(np.mean(np.sqrt(np.nanmean(squares, axis=0))))


def mean_of(values):
    return float(np.nanmean(values))


class Study:
    """Runs of all methods, and their tallies by (method, graph, impaired)."""

    def __init__(self, runs, graphs=GRAPHS):
        self.world = World()
        self.runs, self.graphs = runs, graphs
        self.bounds = {e: self.world.bound(e, e) for e in SETTLED}
        self.bounds |= {e + STALE_S: self.world.bound(e + STALE_S, e) for e in SETTLED}
        self.tallies = {}
        self.patterns = {
            (g, bad): [Delivery(g, bad, seed) for seed in range(PATTERNS if bad else 1)]
            for g in graphs
            for bad in (False, True)
        }

    def tally(self, method, graph="-", *, bad=False):
        key = (method, graph, bad)
        if key not in self.tallies:
            self.tallies[key] = Tally(self.world, self.bounds)
        return self.tallies[key]

    def play(self, *, progress=False):
        for seed in range(self.runs):
            self._run(seed)
            if progress and (seed + 1) % 100 == 0:
                print(f"{seed + 1} of {self.runs} runs", file=sys.stderr, flush=True)
        return self

    def _run(self, seed):
        w = self.world
        values, noises, axes = w.plots(seed)
        own = own_runs(w, values, noises, axes)
        self.followed = {}
        w.impacts.clear()
        self._central(values, noises, axes)
        self._pedigree(values, noises, axes, own)
        for graph in self.graphs:
            for bad in (False, True):
                patterns = self.patterns[graph, bad]
                self._tracklets(graph, bad, patterns[seed % len(patterns)].arrived, values, noises, axes, own)
        if seed < REFERENCE_RUNS:
            self._fused_tracks(seed, values, noises, axes)

    def _central(self, values, noises, axes):
        w = self.world
        kinds = np.full(w.times.shape[0], RADAR)
        got = []
        for read in READS:
            used = (w.owners == 0) | (w.times <= (read if read in SETTLED else read - STALE_S))
            got.append(follow(w.times, kinds, values, noises, w.sites, axes, used, read))
        self.tally("centralised").add(*zip(*got, strict=True))

    def _pedigree(self, values, noises, axes, own):
        """Own filter now, and the partners' own tracks of the last exchange, carried and added."""
        w = self.world
        kinds = np.full(w.times.shape[0], RADAR)
        got = []
        for read in READS:
            mean, covariance = follow(w.times, kinds, values, noises, w.sites, axes, w.owners == 0, read)
            edge = int(np.searchsorted(EDGES, read, side="right")) - 1
            for partner in (1, 2):
                held = coasted(own[partner][0][edge], own[partner][1][edge], read - EDGES[edge])
                mean, covariance = summed(mean, covariance, *held)
            got.append((mean, covariance))
        self.tally("pedigree reference").add(*zip(*got, strict=True))

    def _tracklets(self, graph, bad, arrived, values, noises, axes, own):
        data, comes = tracklet_data(self.world, arrived, values, noises, axes, own)
        got = []
        for read in READS:
            # Settled: an estimate of the instant of exchange, read when the stale one is.
            used = comes <= (read + STALE_S if read in SETTLED else read)
            # Most graphs have delivered the same by then: what is known is all that counts.
            name = (read, used[data[0] <= read].tobytes())
            if name not in self.followed:
                self.followed[name] = follow(*data, used, read)
            got.append(self.followed[name])
        self.tally("tracklets", graph, bad=bad).add(*zip(*got, strict=True))

    def _fused_tracks(self, seed, values, noises, axes):
        w = self.world
        args = (w.times, w.owners, values, noises, w.sites, axes, EDGES)
        none = np.zeros((EDGES.shape[0], NODES, NODES), dtype=np.int64)
        self.tally("no exchange").add(*network(NONE, *args, none, 0, READS))
        for graph, bad in [*((graph, False) for graph in self.graphs), ("ring", True)]:
            given = copies(graph, bad, seed)
            for name, rule in (("naive sum", NAIVE), ("CI", CAREFUL), ("ICI", INVERSE)):
                self.tally(name, graph, bad=bad).add(*network(rule, *args, given, 0, READS))


def over_time(runs):
    """Mean NEES/6 of node 0 in a full graph every 2 s after burnout, by method: for the picture."""
    world = World()
    reads = np.arange(12.0, 249.0, 2.0)
    arrived = Delivery("full", impaired=False, seed=0).arrived
    sums = {name: np.zeros(reads.shape[0]) for name in ("naive", "intersection", "tracklets")}
    for seed in range(runs):
        values, noises, axes = world.plots(seed)
        args = (world.times, world.owners, values, noises, world.sites, axes, EDGES)
        given = copies("full", impaired=False, seed=seed)
        got = {
            "naive": network(NAIVE, *args, given, 0, reads),
            "intersection": network(CAREFUL, *args, given, 0, reads),
        }
        data, comes = tracklet_data(
            world, arrived, values, noises, axes, own_runs(world, values, noises, axes)
        )
        followed = [follow(*data, comes <= read, read) for read in reads]
        got["tracklets"] = tuple(zip(*followed, strict=True))
        for name, (means, covariances) in got.items():
            for place, read in enumerate(reads):
                error = world.at(read) - means[place]
                scale = np.sqrt(np.diagonal(covariances[place]))
                weighed = np.linalg.lstsq(
                    covariances[place] / np.outer(scale, scale), error / scale, rcond=None
                )[0]
                sums[name][place] += abs(weighed @ (error / scale)) / 6.0 / runs
    return reads, sums


def own_runs(world, values, noises, axes):
    """Each radar's own filter at each edge, and its tracklets."""
    picks = [world.owners == node for node in WITH_RADAR]
    return [own_run(world.times[k], values[k], noises[k], world.sites[k], axes[k], EDGES) for k in picks]


def tracklet_data(world, arrived, values, noises, axes, own):
    """Node 0's own plots and the others' tracklets in order of time, for `follow`; and when each is there."""
    mine = world.owners == 0
    rows = [(e, p) for e in range(EDGES.shape[0]) for p in (1, 2) if own[p][2][e] >= 0.0]
    times = np.concatenate([world.times[mine], [own[p][2][e] for e, p in rows]])
    comes = np.concatenate([world.times[mine], [arrived[e, p] for e, p in rows]])
    order = np.argsort(times, kind="stable")
    data = (
        times,
        np.concatenate([np.full(mine.sum(), RADAR), np.full(len(rows), TRACKLET)]),
        np.concatenate([values[mine], [own[p][3][e] for e, p in rows]]),
        np.concatenate([noises[mine], [own[p][4][e] for e, p in rows]]),
        np.concatenate([world.sites[mine], np.zeros((len(rows), 3))]),
        np.concatenate([axes[mine], np.tile(np.eye(3), (len(rows), 1, 1))]),
    )
    return tuple(np.ascontiguousarray(a[order]) for a in data), comes[order]
