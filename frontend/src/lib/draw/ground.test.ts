import { describe, expect, it } from 'vitest';
import { labelled, type RingTop } from './ground';

/** Three rings of each of five sensors, as over a country with many. */
const tops: RingTop[] = [0, 1, 2, 3, 4].flatMap((sensor) =>
  [10_000, 100_000, 300_000].map((height_m, level) => ({ height_m, x: 60 * sensor, y: 300 - 40 * sensor - 20 * level })),
);

describe('heights of rings', () => {
  it('are all written where there is room', () => expect(labelled(tops, 900)).toEqual(tops));

  it('are written once each on a phone, at the ring that is highest up', () => {
    const few = labelled(tops, 390);
    expect(few.map(({ height_m }) => height_m)).toEqual([10_000, 100_000, 300_000]);
    expect(new Set(few.map(({ x }) => x))).toEqual(new Set([240]));
  });

  it('are none where no ring is seen', () => expect(labelled([], 390)).toEqual([]));
});
