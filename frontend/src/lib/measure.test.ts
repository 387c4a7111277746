import { describe, expect, it } from 'vitest';
import judged from './judged/geodesy.json';
import { bearing, measured, wayPoints } from './measure';

const place = ([lat, lon]: number[]) => ({ lat, lon });

describe('a way on the ellipsoid', () => {
  it.each(judged.ways)('has the length and the bearings of the judge from $from to $to', (way) => {
    const found = measured(place(way.from), place(way.to));
    expect(found.distance_m).toBeCloseTo(way.distance_m, 3);
    // From a pole, between opposite points, and to itself a bearing is one of many.
    if (way.distance_m > 1 && Math.abs(way.from[0]) < 90) {
      expect(found.bearing_deg).toBeCloseTo(way.bearing_deg, 6);
      expect(found.back_deg).toBeCloseTo(way.back_deg, 6);
    }
  });

  it('to itself has no bearing', () => {
    expect(measured(place([35, 139]), place([35, 139]))).toEqual({
      distance_m: 0,
      bearing_deg: null,
      back_deg: null,
    });
  });

  it('is drawn through points that lie on it: the parts add up to the whole', () => {
    const [from, to] = [place([51.5, 0]), place([21.3, -157.86])];
    const points = wayPoints(from, to, 16);
    expect(points).toHaveLength(17);
    const parts = points.slice(1).map((point, before) => measured(points[before], point).distance_m);
    const sum = parts.reduce((one, other) => one + other, 0);
    expect(sum).toBeCloseTo(measured(from, to).distance_m, 2);
    expect(points[16].lat).toBeCloseTo(to.lat, 9);
  });
});

describe('a bearing in words', () => {
  it.each([
    [0, '000°'],
    [7.4, '007°'],
    [359.4, '359°'],
    [359.6, '000°'],
  ])('%d', (value, text) => expect(bearing(value)).toBe(text));
});
