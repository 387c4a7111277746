/** The coast: Natural Earth land, 1:50 million at rest and 1:110 million while the map moves. */

import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import land110 from 'world-atlas/land-110m.json?url';
import land50 from 'world-atlas/land-50m.json?url';
import type { Ring } from './globe';
import { combine, dot, length, pointAt, scale, type Vector } from './vectors';

export interface Land {
  fine: Ring[];
  rough: Ring[];
}

type LandTopology = Topology<{ land: GeometryCollection }>;

/** A closed line of longitudes and latitudes as a ring. */
export function ringOf(line: readonly (readonly number[])[]): Ring {
  const points = new Float32Array(line.length * 3);
  let sum: Vector = [0, 0, 0];
  line.forEach(([lon, lat], place) => {
    const point = pointAt(lat, lon);
    points.set(point, place * 3);
    sum = combine(sum, 1, point, 1);
  });
  const size = length(sum);
  const centre: Vector = size > 1e-9 ? scale(sum, 1 / size) : [0, 0, 1];
  let reach = 1;
  for (let at = 0; at < points.length; at += 3) {
    reach = Math.min(reach, dot(centre, [points[at], points[at + 1], points[at + 2]]));
  }
  return { points, centre, reach };
}

/** All rings of a land file, holes too: filled by the even-odd rule they stay holes. */
export function ringsOf(topology: LandTopology): Ring[] {
  const rings: Ring[] = [];
  for (const { geometry } of feature(topology, topology.objects.land).features) {
    const polygons =
      geometry.type === 'Polygon'
        ? [geometry.coordinates]
        : geometry.type === 'MultiPolygon'
          ? geometry.coordinates
          : [];
    rings.push(...polygons.flat().map(ringOf));
  }
  return rings;
}

/** Parallels and meridians every ten degrees, as lines. */
export function graticule(): Vector[][] {
  const parallels = Array.from({ length: 15 }, (_, place) =>
    Array.from({ length: 181 }, (_, step) => pointAt(place * 10 - 70, step * 2 - 180)),
  );
  const meridians = Array.from({ length: 36 }, (_, place) =>
    Array.from({ length: 71 }, (_, step) => pointAt(step * 2 - 70, place * 10 - 180)),
  );
  return [...parallels, ...meridians];
}

async function load(address: string): Promise<Ring[]> {
  const answer = await fetch(address);
  if (!answer.ok) {
    throw new Error(`the coastline could not be read: ${answer.status}`);
  }
  return ringsOf((await answer.json()) as LandTopology);
}

let loading: Promise<Land> | null = null;

/** The coast, read once for all panes. */
export function loadLand(): Promise<Land> {
  loading ??= Promise.all([load(land50), load(land110)]).then(([fine, rough]) => ({ fine, rough }));
  return loading;
}
