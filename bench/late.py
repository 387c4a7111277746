"""Cost of late plots: N hostile plots two minutes late, read after each batch, at 1, 10 and 100 times.

    python bench/late.py

A tracker holds two minutes of one radar on `two-stage-generic`. Then N = 40, 400, 4,000 false plots come,
each at its own instant within the first second of the buffer, with ten readings on the way, and at each the
tracker goes back two minutes. Printed: seconds of processor time, plots refused as flood, and the growth
from one N to the next: 10 is linear, 100 would be quadratic. Limits: one radar, ten readings.
"""

import dataclasses
import time

from observing import observation

from trilat.fusion import Tracker, compile_kernels
from trilat.model import SECOND_NS
from trilat.scenario import named_scenario, observe


def cost(plots, count):
    tracker = Tracker()
    for plot in plots:
        tracker.add(plot)
    newest_ns = plots[-1].time_ns
    tracker.estimates(newest_ns)
    begin = time.process_time()
    for k in range(count):
        tracker.add(
            dataclasses.replace(
                plots[0],
                time_ns=newest_ns - 120 * SECOND_NS + k * 200_000,
                sensor="hostile",
                azimuth_rad=(0.37 * k) % 6.0,
            )
        )
        if (k + 1) % max(1, count // 10) == 0:
            tracker.estimates(newest_ns)
    return time.process_time() - begin, tracker.counts()["refused-flood"], len(tracker.estimates(newest_ns))


def main():
    compile_kernels()
    scenario = named_scenario("two-stage-generic")
    every = [observation(scenario, plot) for plot in observe(scenario, 1) if plot.sensor_id == "R2"]
    plots = [plot for plot in every if plot.time_ns < every[0].time_ns + 122 * SECOND_NS]
    last = None
    for count in (40, 400, 4000):
        seconds, refused, tracks = cost(plots, count)
        growth = "" if last is None else f", {seconds / last:.1f} times the last"
        print(f"{count:6} late plots: {seconds:.2f} s, {refused} refused, {tracks} tracks{growth}")
        last = seconds


if __name__ == "__main__":
    main()
