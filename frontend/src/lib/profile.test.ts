import { describe, expect, it } from 'vitest';
import { profileOf, roundStep } from './profile';
import type { TrailPoint } from './types';

const trail = (heights: number[], every_s = 1): TrailPoint[] =>
  heights.map((height_m, place) => [place * every_s * 1e9, 40, 130, height_m]);

describe('a profile', () => {
  it.each([
    ['of nothing', []],
    ['of one point', trail([10])],
    ['of points at one instant', trail([10, 20], 0)],
  ])('there is none %s', (_name, points) => expect(profileOf(points, 100, 50)).toBeNull());

  it('begins at the left and ends at the right, higher is higher', () => {
    const profile = profileOf(trail([0, 50, 100]), 100, 50);
    const points = profile?.points.split(' ').map((point) => point.split(',').map(Number)) ?? [];
    expect(points.map(([x]) => x)).toEqual([0, 50, 100]);
    expect(points[0][1]).toBe(50);
    expect(points[2][1]).toBeLessThan(points[1][1]);
    expect(profile?.now).toEqual({ x: 100, y: points[2][1] });
  });

  it('keeps within its box, also below the sea', () => {
    const profile = profileOf(trail([-400, 320_000, 900]), 100, 50);
    for (const point of profile?.points.split(' ') ?? []) {
      const y = Number(point.split(',')[1]);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(50);
    }
  });

  it('of thousands of points has as many as pixels, with the last', () => {
    const profile = profileOf(trail(Array.from({ length: 3_000 }, (_, place) => place)), 100, 50);
    const points = profile?.points.split(' ') ?? [];
    expect(points.length).toBeLessThan(260);
    expect(points.at(-1)?.startsWith('100.0,')).toBe(true);
  });

  it('has round ticks, a few', () => {
    const profile = profileOf(trail([0, 312_000, 0], 300), 100, 50);
    expect(profile?.times.map(({ value }) => value)).toEqual([0, 200, 400, 600]);
    expect(profile?.heights.length).toBeLessThanOrEqual(6);
  });
});

describe('a round step', () => {
  it.each([
    [600, 4, 200],
    [7, 4, 2],
    [0.3, 3, 0.1],
    [1, 1, 1],
    [400, 4, 100],
  ])('of %d in %d is %d', (span, parts, step) => expect(roundStep(span, parts)).toBeCloseTo(step, 9));
});
