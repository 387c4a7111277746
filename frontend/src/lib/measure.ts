/**
 * Distance and bearing on the WGS-84 ellipsoid, by Karney's own library: the same method as `trilat.geo`.
 * The globe on the screen is a sphere; nothing is measured on it.
 */

import geodesic from 'geographiclib-geodesic';
import type { LatLon } from './coordinates';

export interface Measured {
  distance_m: number;
  /** Clockwise from true north at the first point; null between points that coincide. */
  bearing_deg: number | null;
  /** At the second point, looking back. */
  back_deg: number | null;
}

const COINCIDE_M = 1e-3;
const { WGS84 } = geodesic.Geodesic;

const turn = (bearing_deg: number): number => ((bearing_deg % 360) + 360) % 360;

/** The shortest way from one place to another. */
export function measured(from: LatLon, to: LatLon): Measured {
  const { s12 = 0, azi1 = 0, azi2 = 0 } = WGS84.Inverse(from.lat, from.lon, to.lat, to.lon);
  const apart = s12 > COINCIDE_M;
  return {
    distance_m: s12,
    bearing_deg: apart ? turn(azi1) : null,
    back_deg: apart ? turn(azi2 + 180) : null,
  };
}

/** Points of the way, for drawing it, in order and with both ends. */
export function wayPoints(from: LatLon, to: LatLon, count = 48): LatLon[] {
  const line = WGS84.InverseLine(from.lat, from.lon, to.lat, to.lon);
  return Array.from({ length: count + 1 }, (_, step) => {
    const { lat2 = from.lat, lon2 = from.lon } = line.Position((step / count) * line.s13);
    return { lat: lat2, lon: lon2 };
  });
}

/** `045°`: a bearing in whole degrees, three digits. */
export const bearing = (value_deg: number): string =>
  `${String(Math.round(value_deg) % 360).padStart(3, '0')}°`;
