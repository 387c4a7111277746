/** Where to look from, to see what is held and what leaves together. */

import { bounded, rangeFor, type Camera } from './globe';
import type { Shown } from './types';
import { EARTH_RADIUS_M, groundEllipse, length, pointAt, combine, unit, type Vector } from './vectors';

/** So that there is mostly a coast in view, without which nobody knows where it is. */
const LEAST_M = 300_000;
/** Room around what is shown, across. */
const ROOM = 2.4;
/** A canvas wider than this many heights shows more to the sides: see `Globe`. */
const ASPECT_MAX = 2;

/** The outline of a region on the ground; a point where it has none, nothing where it has no place. */
export function outlineOf({ polygon, lat, lon, ellipse }: Shown): Vector[] {
  if (polygon?.length) {
    return polygon.map(([latitude, longitude]) => pointAt(latitude, longitude));
  }
  if (lat == null || lon == null) {
    return [];
  }
  return ellipse
    ? groundEllipse(lat, lon, ellipse.semi_major_m, ellipse.semi_minor_m, ellipse.bearing_deg)
    : [pointAt(lat, lon)];
}

/** A camera straight above that has all outlines in view, on a canvas of so many heights across; null for none. */
export function cameraOver(outlines: readonly (readonly Vector[])[], aspect: number): Camera | null {
  const points = outlines.flat();
  if (points.length === 0) {
    return null;
  }
  const sum = points.reduce((total, point) => combine(total, 1, point, 1), [0, 0, 0] as Vector);
  const centre = length(sum) > 1e-9 ? unit(sum) : points[0];
  const reach_m = Math.max(...points.map((point) => length(combine(point, 1, centre, -1)))) * EARTH_RADIUS_M;
  const [x, y, z] = centre;
  return bounded({
    lat: (Math.asin(Math.max(-1, Math.min(1, z))) * 180) / Math.PI,
    lon: (Math.atan2(y, x) * 180) / Math.PI,
    range: rangeFor(Math.max(LEAST_M, reach_m * ROOM * Math.max(1, Math.min(aspect, ASPECT_MAX))) / EARTH_RADIUS_M),
    pitch: 0,
    bearing: 0,
  });
}
