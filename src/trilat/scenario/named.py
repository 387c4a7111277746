"""Named scenarios: the list of them, and one by its name."""

from collections.abc import Callable

from trilat.model import ScenarioError
from trilat.scenario import false_report, two_stage, unha2
from trilat.scenario.simulated import Scenario

_TITLES = {module.NAME: module.TITLE for module in (unha2, false_report, two_stage)}
_BUILDERS: dict[str, Callable[[], Scenario]] = {
    module.NAME: module.build for module in (unha2, false_report, two_stage)
}


def named_scenarios() -> dict[str, str]:
    """Name and one line of description of every named scenario, in the order of the list."""
    return dict(_TITLES)


def named_scenario(name: str) -> Scenario:
    """The scenario of that name, flown.

    Raises:
        ScenarioError: no scenario has that name; the text lists those there are.
    """
    if name not in _BUILDERS:
        raise ScenarioError(f"no scenario is called `{name[:80]}`: choose from {', '.join(_BUILDERS)}")
    return _BUILDERS[name]()
