import { describe, expect, it } from 'vitest';
import { place, type Box, type Label } from './labels';

const label = (values: Partial<Label> = {}): Label => ({
  x: 200,
  y: 150,
  clear: 6,
  text: 'a label',
  codes: [],
  weight: 10,
  ...values,
});
const wide = () => 80;
const overlap = (one: Box, other: Box) =>
  one.left < other.left + other.width &&
  other.left < one.left + one.width &&
  one.top < other.top + other.height &&
  other.top < one.top + one.height;

describe('labels', () => {
  it('keep clear of each other', () => {
    const placed = place([label(), label({ x: 204 }), label({ y: 153 }), label({ x: 198 })], 400, 300, wide);
    expect(placed).toHaveLength(4);
    placed.forEach((one, place) =>
      placed.slice(place + 1).forEach((other) => expect(overlap(one.box, other.box)).toBe(false)),
    );
  });

  it('keep clear of marks', () => {
    const mark = { left: 195, top: 100, width: 200, height: 100 };
    const [placed] = place([label({ x: 200 })], 400, 300, wide, [mark]);
    expect(overlap(placed.box, mark)).toBe(false);
  });

  it('stay on the canvas', () => {
    const corners = [label({ x: 2, y: 2 }), label({ x: 398, y: 298 })];
    for (const { box } of place(corners, 400, 300, wide)) {
      expect(box.left).toBeGreaterThanOrEqual(0);
      expect(box.top).toBeGreaterThanOrEqual(0);
      expect(box.left + box.width).toBeLessThanOrEqual(400);
      expect(box.top + box.height).toBeLessThanOrEqual(300);
    }
  });

  it('choose by weight', () => {
    const [first] = place([label({ text: 'light' }), label({ text: 'heavy', weight: 99 })], 400, 300, wide);
    expect(first.label.text).toBe('heavy');
    expect(first.apart).toBe(false);
  });

  it('without weight are left out where there is no room', () => {
    const everywhere = { left: 0, top: 0, width: 400, height: 300 };
    expect(place([label({ weight: 0 })], 400, 300, wide, [everywhere])).toEqual([]);
  });
});
