"""Truth: worlds that fly vehicles and let generic sensors observe them. Never imports fusion."""

from trilat.scenario.motion import air_density_kg_per_m3, coast, fall_to_ground, gravity_m_per_s2
from trilat.scenario.trajectory import Trajectory

__all__ = ["Trajectory", "air_density_kg_per_m3", "coast", "fall_to_ground", "gravity_m_per_s2"]
