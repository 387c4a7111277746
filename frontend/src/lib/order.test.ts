import { describe, expect, it } from 'vitest';
import { nextOf, ordered, pressed } from './order';
import { idOf, type Source } from './rows';
import { shown, T0_NS } from './samples';

const SOURCES: Source[] = [
  { item: shown({ id: 'b', height_m: 20, originator: 'KOR' }) },
  { item: shown({ id: 'a', height_m: null, originator: 'USA' }) },
  { item: shown({ id: 'c', height_m: 100, originator: 'JPN' }) },
];
const ids = (sources: readonly Source[]) => sources.map(idOf);

describe('the order of rows', () => {
  it('is as they came', () => expect(ids(ordered(SOURCES, null, T0_NS))).toEqual(['b', 'a', 'c']));
  it('of numbers is by number, what has none last', () => {
    expect(ids(ordered(SOURCES, { column: 'height', down: false }, T0_NS))).toEqual(['b', 'c', 'a']);
    expect(ids(ordered(SOURCES, { column: 'height', down: true }, T0_NS))).toEqual(['c', 'b', 'a']);
  });
  it('of words is by word', () => {
    expect(ids(ordered(SOURCES, { column: 'by', down: false }, T0_NS))).toEqual(['c', 'b', 'a']);
  });
  it('goes up, down, and back', () => {
    const up = pressed(null, 'age');
    const down = pressed(up, 'age');
    expect([up, down, pressed(down, 'age')]).toEqual([
      { column: 'age', down: false },
      { column: 'age', down: true },
      null,
    ]);
    expect(pressed(down, 'by')).toEqual({ column: 'by', down: false });
  });
});

describe('the next object', () => {
  it.each([
    [null, 1, 'b'],
    ['b', 1, 'a'],
    ['c', 1, 'b'],
    ['b', -1, 'c'],
    [null, -1, 'c'],
    ['gone', 1, 'b'],
  ] as const)('after %s by %d is %s', (selected, step, next) => {
    expect(nextOf(SOURCES, selected, step)).toBe(next);
  });
  it('of none is none', () => expect(nextOf([], 'a')).toBeNull());
});
