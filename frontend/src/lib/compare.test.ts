import { describe, expect, it } from 'vitest';
import { cameraOver, outlineOf } from './compare';
import { Globe } from './globe';
import type { Shown } from './types';
import { pointAt } from './vectors';

const item = (lat: number | null, lon: number | null, semi_m = 0): Shown => ({
  id: 'JPN-seen',
  version: 1,
  kind: 'event',
  subject: 's',
  domain: 'missile',
  originator: 'JPN',
  originators: ['JPN'],
  sender: null,
  form: null,
  status: 'simulated',
  valid_ns: 0,
  marking: '',
  lat,
  lon,
  ellipse: semi_m ? { semi_major_m: semi_m, semi_minor_m: semi_m / 2, bearing_deg: 30 } : null,
});

describe('the view of two copies', () => {
  it('is none where neither has a place', () =>
    expect(cameraOver([outlineOf(item(null, null)), outlineOf(item(null, null))], 1)).toBeNull());
  it.each([
    ['near each other', item(40, 130, 2_000), item(40.1, 130.1, 8_000)],
    ['far apart', item(40, 130, 300), item(41, 131.5, 60_000)],
    ['across the half turn', item(10, 179.9, 5_000), item(10, -179.9, 5_000)],
    ['without a region', item(0, 0), item(0.2, 0)],
  ])('has all of both in it: %s', (_, one, other) => {
    const outlines = [outlineOf(one), outlineOf(other)];
    for (const [width, height] of [[400, 260], [1200, 260], [300, 600]]) {
      const camera = cameraOver(outlines, width / height);
      const globe = new Globe(camera ?? { lat: 0, lon: 0, range: 1, pitch: 0, bearing: 0 }, width, height);
      for (const point of outlines.flat()) {
        const seen = globe.pixel(point);
        expect(seen.hidden || !globe.onCanvas(seen)).toBe(false);
      }
    }
  });
  it('has one point for what has no region', () =>
    expect(outlineOf(item(40, 130))).toEqual([pointAt(40, 130)]));
  it('is never nearer than what can be drawn', () =>
    expect(cameraOver([outlineOf(item(40, 130))], 1)?.range).toBeGreaterThanOrEqual(0.012));
});
