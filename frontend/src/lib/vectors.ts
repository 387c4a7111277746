/** Vectors of three numbers in Earth radii, Earth-fixed: x to 0 N 0 E, y to 0 N 90 E, z to the north pole. */

export type Vector = [number, number, number];

export const EARTH_RADIUS_M = 6_371_000;
export const DEGREE = Math.PI / 180;

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** s a + t b */
export const combine = (a: Vector, s: number, b: Vector, t: number): Vector => [
  a[0] * s + b[0] * t,
  a[1] * s + b[1] * t,
  a[2] * s + b[2] * t,
];

export const scale = (a: Vector, s: number): Vector => [a[0] * s, a[1] * s, a[2] * s];

export const length = (a: Vector): number => Math.hypot(a[0], a[1], a[2]);

export const unit = (a: Vector): Vector => scale(a, 1 / length(a));

/** The point at a latitude, a longitude and a height over the sphere. */
export function pointAt(lat: number, lon: number, height_m = 0): Vector {
  const radius = 1 + height_m / EARTH_RADIUS_M;
  const flat = Math.cos(lat * DEGREE) * radius;
  return [flat * Math.cos(lon * DEGREE), flat * Math.sin(lon * DEGREE), Math.sin(lat * DEGREE) * radius];
}

export interface Local {
  east: Vector;
  north: Vector;
  up: Vector;
}

/** Unit vectors of the local horizontal. */
export function localAt(lat: number, lon: number): Local {
  const [sinLat, cosLat] = [Math.sin(lat * DEGREE), Math.cos(lat * DEGREE)];
  const [sinLon, cosLon] = [Math.sin(lon * DEGREE), Math.cos(lon * DEGREE)];
  return {
    east: [-sinLon, cosLon, 0],
    north: [-sinLat * cosLon, -sinLat * sinLon, cosLat],
    up: [cosLat * cosLon, cosLat * sinLon, sinLat],
  };
}

/** Horizontal unit vectors along a bearing and to the right of it. */
export function alongAndRight(lat: number, lon: number, bearing_deg: number): [Vector, Vector] {
  const { east, north } = localAt(lat, lon);
  const [sin, cos] = [Math.sin(bearing_deg * DEGREE), Math.cos(bearing_deg * DEGREE)];
  return [combine(north, cos, east, sin), combine(east, cos, north, -sin)];
}

/** Points of an ellipse that lies on the ground, in order. */
export function groundEllipse(
  lat: number,
  lon: number,
  semiMajor_m: number,
  semiMinor_m: number,
  bearing_deg: number,
  count = 64,
): Vector[] {
  const centre = pointAt(lat, lon);
  const [along, right] = alongAndRight(lat, lon, bearing_deg);
  return Array.from({ length: count }, (_, place) => {
    const angle = (place / count) * 2 * Math.PI;
    const offset = combine(
      along,
      (semiMajor_m / EARTH_RADIUS_M) * Math.cos(angle),
      right,
      (semiMinor_m / EARTH_RADIUS_M) * Math.sin(angle),
    );
    return unit(combine(centre, 1, offset, 1));
  });
}

/** Half axes of an ellipsoid: one horizontal along the bearing, one to its right, one up. */
export function ellipsoidAxes(
  lat: number,
  lon: number,
  bearing_deg: number,
  semi_m: [number, number, number],
): [Vector, Vector, Vector] {
  const [along, right] = alongAndRight(lat, lon, bearing_deg);
  const { up } = localAt(lat, lon);
  return [
    scale(along, semi_m[0] / EARTH_RADIUS_M),
    scale(right, semi_m[1] / EARTH_RADIUS_M),
    scale(up, semi_m[2] / EARTH_RADIUS_M),
  ];
}
