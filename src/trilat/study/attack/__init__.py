"""Attacks on what is released: what do copies under a profile give away, by estimators that are meant to win?

`attack(name, runs, seed)` measures a profile, `picture` draws it. An attacker knows the profile's duties, the
originator's filter and the recipients' copies; never the key. To find how good a sensor is or how far it
sees it is told where the sensor stands: what is hidden then is hidden by the duties alone.
"""

from trilat.study.attack.capture import Capture, capture, mean_nees, released
from trilat.study.attack.flights import Flight, World, make_world
from trilat.study.attack.measure import LEAKS, Measured, Outcome, attack
from trilat.study.attack.picture import figure, picture

__all__ = [
    "LEAKS",
    "Capture",
    "Flight",
    "Measured",
    "Outcome",
    "World",
    "attack",
    "capture",
    "figure",
    "make_world",
    "mean_nees",
    "picture",
    "released",
]
