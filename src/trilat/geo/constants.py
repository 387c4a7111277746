"""The Earth in numbers: the World Geodetic System 1984.

Source of all values: NIMA TR8350.2, third edition with amendment 1 (2000), tables 3.1, 3.3 and 3.5.
The unit stands last in each name; a constant without a unit is a pure number.
"""

# Defining: semi-major axis of the ellipsoid, metres (table 3.1).
SEMI_MAJOR_AXIS_M = 6_378_137.0
# Defining: flattening, one over 298.257223563 (table 3.1).
FLATTENING = 1.0 / 298.257223563
# Derived: b = a (1 - f), metres (table 3.3: 6 356 752.3142).
SEMI_MINOR_AXIS_M = SEMI_MAJOR_AXIS_M * (1.0 - FLATTENING)
# Derived: e^2 = f (2 - f) (table 3.3: 6.69437999014e-3).
FIRST_ECCENTRICITY_SQUARED = FLATTENING * (2.0 - FLATTENING)
# Derived: e'^2 = e^2 / (1 - e^2) (table 3.3: 6.73949674228e-3).
SECOND_ECCENTRICITY_SQUARED = FIRST_ECCENTRICITY_SQUARED / (1.0 - FIRST_ECCENTRICITY_SQUARED)
# Defining: gravitational constant times the mass of the Earth with its atmosphere, m^3/s^2 (table 3.1).
GM_M3_PER_S2 = 3.986004418e14
# Second zonal harmonic, J2 = -sqrt(5) C20 with C20 = -0.484166774985e-3 (table 3.3).
J2 = 1.082629821313e-3
# Defining: angular velocity of the Earth, rad/s (table 3.1).
ROTATION_RAD_PER_S = 7.292115e-5
