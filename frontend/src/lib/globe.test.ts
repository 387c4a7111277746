import { readFileSync } from 'node:fs';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { describe, expect, it } from 'vitest';
import { bounded, Globe, PITCH_MAX, RANGE_MAX, RANGE_MIN, type Camera } from './globe';
import { ringsOf } from './land';
import { ellipsoidAxes, groundEllipse, length, pointAt, type Vector } from './vectors';

type LandTopology = Topology<{ land: GeometryCollection }>;
const LAND = JSON.parse(
  readFileSync(new URL('../../node_modules/world-atlas/land-110m.json', import.meta.url), 'utf8'),
) as LandTopology;
const RINGS = ringsOf(LAND);

const KOREA_AND_JAPAN: Camera = { lat: 37.6, lon: 131.5, range: 0.42, pitch: 52, bearing: 8 };
const at = (camera: Partial<Camera>, width = 1280, height = 800): Globe =>
  new Globe({ ...KOREA_AND_JAPAN, ...camera }, width, height);

/** A path that remembers its corners and answers as the canvas would whether a pixel is filled. */
class Path {
  readonly closed: [number, number][][] = [];
  private open: [number, number][] = [];

  moveTo(x: number, y: number): void {
    this.open = [[x, y]];
    this.closed.push(this.open);
  }

  lineTo(x: number, y: number): void {
    this.open.push([x, y]);
  }

  closePath(): void {
    // Every sub-path counts as closed when it is filled.
  }

  fills(x: number, y: number): boolean {
    return this.closed.filter((ring) => crossings(ring, x, y) % 2 === 1).length % 2 === 1;
  }
}

function crossings(ring: readonly (readonly number[])[], x: number, y: number): number {
  let count = 0;
  ring.forEach(([x1, y1], place) => {
    const [x2, y2] = ring[(place + 1) % ring.length];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) {
      count += 1;
    }
  });
  return count;
}

const filled = (globe: Globe): Path => {
  const path = new Path();
  globe.trace(path as unknown as CanvasPath, RINGS);
  return path;
};

/** Longitudes without jumps: a ring over the date line goes on beyond 180. */
function unrolled(ring: readonly (readonly number[])[]): number[][] {
  let turn = 0;
  return ring.map(([lon, lat], place) => {
    const step = place > 0 ? lon - ring[place - 1][0] : 0;
    turn += step > 180 ? -360 : step < -180 ? 360 : 0;
    return [lon + turn, lat];
  });
}

const POLYGONS = feature(LAND, LAND.objects.land).features.flatMap(({ geometry }) =>
  geometry.type === 'MultiPolygon'
    ? geometry.coordinates
    : geometry.type === 'Polygon'
      ? [geometry.coordinates]
      : [],
);
const FLAT = POLYGONS.map((rings) => rings.map(unrolled));

/** Whether a place is on land, judged on a flat map of longitudes and latitudes, without any globe. */
const onLand = (lat: number, lon: number): boolean =>
  FLAT.some(
    (rings) =>
      rings.reduce(
        (sum, ring) =>
          sum + [lon - 360, lon, lon + 360].reduce((all, at) => all + crossings(ring, at, lat), 0),
        0,
      ) %
        2 ===
      1,
  );

describe('the camera', () => {
  it('has its target in the middle', () => {
    const seen = at({}).pixel(pointAt(37.6, 131.5));
    expect(seen.x).toBeCloseTo(640, 6);
    expect(seen.y).toBeCloseTo(400, 6);
    expect(seen.hidden).toBe(false);
  });

  it.each([
    [40, 125],
    [35, 139],
    [33, 130],
    [41, 140],
  ])('finds the ground again under the pixel of %f %f', (lat, lon) => {
    const seen = at({}).pixel(pointAt(lat, lon));
    const ground = at({}).ground(seen.x, seen.y);
    expect(ground?.[0]).toBeCloseTo(lat, 6);
    expect(ground?.[1]).toBeCloseTo(lon, 6);
  });

  it('finds no ground in the sky', () => {
    expect(at({}).ground(640, -4000)).toBeNull();
    expect(at({ range: 4, pitch: 0 }).ground(2, 2)).toBeNull();
  });

  it('hides the far side, and shows what flies high over its edge', () => {
    const globe = at({ pitch: 0, range: 1 });
    expect(globe.pixel(pointAt(-37.6, -48.5)).hidden).toBe(true);
    // From two Earth radii the horizon is 60 degrees away.
    expect(globe.pixel(pointAt(37.6 - 59, 131.5)).hidden).toBe(false);
    expect(globe.pixel(pointAt(37.6 - 62, 131.5)).hidden).toBe(true);
    expect(globe.pixel(pointAt(37.6 - 62, 131.5, 500_000)).hidden).toBe(false);
  });

  it('hides what is behind it', () => {
    expect(at({ range: 0.1, pitch: 70 }).pixel(pointAt(30, 129, 3_000_000)).hidden).toBe(true);
  });

  it('stays within what can be drawn', () => {
    const wild = bounded({ lat: 120, lon: 190, range: 99, pitch: 95, bearing: -10 });
    expect(wild).toEqual({ lat: 85, lon: -170, range: RANGE_MAX, pitch: PITCH_MAX, bearing: 350 });
    expect(bounded({ lat: -99, lon: -190, range: 0, pitch: -3, bearing: 370 })).toEqual({
      lat: -85,
      lon: 170,
      range: RANGE_MIN,
      pitch: 0,
      bearing: 10,
    });
  });
});

describe('land', () => {
  const CAMERAS: [string, Partial<Camera>][] = [
    ['aslant over Korea and Japan', {}],
    ['straight down', { pitch: 0, range: 1.2 }],
    ['from afar, with most coasts behind the horizon', { pitch: 20, range: 4 }],
    ['low and flat, where the horizon is a hyperbola', { pitch: 75, range: 0.08 }],
    ['over the ocean, where all land is near the edge', { lat: 5, lon: -160, range: 1, pitch: 10 }],
    ['over the Baltic', { lat: 56, lon: 11, range: 0.2, pitch: 38 }],
    ['over the south', { lat: -40, lon: 20, range: 2, pitch: 30, bearing: 140 }],
    ['over a sea within a continent', { lat: 42, lon: 51, range: 0.05, pitch: 10 }],
    ['opposite a sea within a continent', { lat: -42, lon: -129, range: 3, pitch: 0 }],
    ['opposite a continent', { lat: 10, lon: 120, range: 4, pitch: 0 }],
    ['opposite the Pacific', { lat: 5, lon: 20, range: 4, pitch: 25, bearing: 200 }],
    ['across the date line', { lat: 60, lon: 179, range: 0.8, pitch: 40 }],
  ];

  it.each(CAMERAS)('is filled, and the sea is not: %s', (_name, camera) => {
    const globe = at(camera, 600, 400);
    const path = filled(globe);
    let [compared, wrong] = [0, 0];
    for (let x = 7; x < 600; x += 23) {
      for (let y = 5; y < 400; y += 21) {
        const ground = globe.ground(x, y);
        // Around the south pole a flat map has no inside.
        if (ground && ground[0] > -60) {
          compared += 1;
          wrong += Number(path.fills(x, y) !== onLand(...ground));
        }
      }
    }
    expect(compared).toBeGreaterThan(60);
    // A coast drawn by straight lines differs from the flat map's by a pixel here and there.
    expect(wrong / compared).toBeLessThan(0.005);
  });

  it('is all there is, low over the middle of a continent whose coasts are beyond the horizon', () => {
    const globe = at({ lat: 46, lon: 88, range: 0.012, pitch: 0 }, 200, 200);
    expect(filled(globe).fills(100, 100)).toBe(true);
    expect(onLand(46, 88)).toBe(true);
  });

  it('is nowhere, low over the middle of an ocean', () => {
    const globe = at({ lat: -30, lon: -125, range: 0.012, pitch: 0 }, 200, 200);
    expect(filled(globe).fills(100, 100)).toBe(false);
    expect(onLand(-30, -125)).toBe(false);
  });

  it('lies within the disc of the Earth, which covers the screen below a low horizon', () => {
    const globe = at({ pitch: 75, range: 0.05 }, 400, 300);
    const disc = new Path();
    globe.traceLimb(disc as unknown as CanvasPath);
    for (let x = 10; x < 400; x += 40) {
      for (let y = 10; y < 300; y += 40) {
        expect(disc.fills(x, y)).toBe(globe.ground(x, y) !== null);
      }
    }
  });
});

describe('an ellipsoid', () => {
  it('has the exact outline of its surface', () => {
    const globe = at({});
    const centre = pointAt(40, 133, 600_000);
    const axes = ellipsoidAxes(40, 133, 75, [66_000, 24_000, 42_000]);
    const outline = globe.outline(centre, axes);
    expect(outline).not.toBeNull();
    if (!outline) {
      return;
    }
    let most = 0;
    for (let i = 0; i < 400; i++) {
      for (let j = 0; j < 200; j++) {
        const [a, b] = [(i / 400) * 2 * Math.PI, (j / 199) * Math.PI];
        const on = [Math.sin(b) * Math.cos(a), Math.sin(b) * Math.sin(a), Math.cos(b)];
        const point = [0, 1, 2].map(
          (k) => centre[k] + axes[0][k] * on[0] + axes[1][k] * on[1] + axes[2][k] * on[2],
        ) as Vector;
        const seen = globe.pixel(point);
        const [dx, dy] = [seen.x - outline.x, seen.y - outline.y];
        const [cos, sin] = [Math.cos(outline.rotation), Math.sin(outline.rotation)];
        const along = (dx * cos + dy * sin) / outline.semiMajor;
        const across = (-dx * sin + dy * cos) / outline.semiMinor;
        most = Math.max(most, along * along + across * across);
      }
    }
    expect(most).toBeLessThan(1.0001);
    expect(most).toBeGreaterThan(0.999);
  });

  it('has no outline when the camera is inside', () => {
    const globe = at({ range: 0.1, pitch: 0 });
    expect(globe.outline(pointAt(37.6, 131.5), ellipsoidAxes(37.6, 131.5, 0, [2e6, 2e6, 2e6]))).toBeNull();
  });
});

describe('an ellipse on the ground', () => {
  it('has its long axis along its bearing', () => {
    const [north, , ,] = groundEllipse(0, 0, 111_195, 10_000, 0, 4);
    expect(Math.asin(north[2]) * (180 / Math.PI)).toBeCloseTo(1, 2);
    const [east] = groundEllipse(0, 0, 111_195, 10_000, 90, 4);
    expect(Math.atan2(east[1], east[0]) * (180 / Math.PI)).toBeCloseTo(1, 2);
  });

  it('lies on the sphere', () => {
    groundEllipse(40, 130, 300_000, 50_000, 33).forEach((point) => expect(length(point)).toBeCloseTo(1, 12));
  });
});
