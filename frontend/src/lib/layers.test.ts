import { describe, expect, it } from 'vitest';
import { chosen, choiceOf, EVERYTHING, offered, switched, viewOf, type Choice } from './layers';
import type { Pane } from './picture';
import { shown, sight } from './samples';
import type { Shown, ShownSight } from './types';

const pane = (items: Shown[], sights: ShownSight[] = []): Pane => ({
  up: true,
  at_ns: 0,
  heard_ms: 0,
  items: new Map(items.map((item) => [item.id, item])),
  sights: new Map(sights.map((one) => [one.key, one])),
  trails: new Map(),
});

const ITEMS = [
  shown({ id: 'own', originator: 'KOR' }),
  shown({ id: 'jpn', sender: 'JPN', under: ['pact@1'] }),
  shown({ id: 'usa', originator: 'USA', sender: 'USA', under: ['alliance@2', 'pact@1'] }),
  shown({ id: 'ship', kind: 'vessel', domain: 'maritime', originator: 'USA/duty' }),
  shown({ id: 'fall', kind: 'area', area: 'impact' }),
  shown({ id: 'mine', kind: 'area', area: 'watch', originator: 'KOR' }),
  shown({ id: 'warn', kind: 'warning', originator: 'JPN', sender: 'JPN', under: ['pact@1'] }),
];
const hidden = (changes: Partial<Choice>) => [
  ...chosen(pane(ITEMS), { ...EVERYTHING, ...changes }).items.keys(),
];

describe('what is hidden', () => {
  it('is nothing at first: the pane itself comes back', () => {
    const whole = pane(ITEMS);
    expect(chosen(whole, EVERYTHING)).toBe(whole);
  });

  it.each([
    ['tracks', ['ship', 'fall', 'mine', 'warn']],
    ['vessels', ['own', 'jpn', 'usa', 'fall', 'mine', 'warn']],
    ['areas', ['own', 'jpn', 'usa', 'ship', 'mine', 'warn']],
    ['watch', ['own', 'jpn', 'usa', 'ship', 'fall', 'warn']],
    ['trails', ITEMS.map(({ id }) => id)],
  ] as const)('by the layer %s', (layer, left) => {
    expect(hidden({ off: new Set([layer]) })).toEqual(left);
  });

  it('by originator, staff with their party', () => {
    expect(hidden({ originators: new Set(['USA']) })).toEqual(['own', 'jpn', 'fall', 'mine', 'warn']);
  });
  it('by domain', () => expect(hidden({ domains: new Set(['maritime']) })).not.toContain('ship'));
  it('by agreement only where no other agreement brought it', () => {
    expect(hidden({ agreements: new Set(['pact']) })).toEqual(['own', 'usa', 'ship', 'fall', 'mine', 'warn']);
  });
  it('own things beside agreements', () => {
    expect(hidden({ agreements: new Set(['own']) })).not.toContain('own');
  });
  it('never a warning, whatever is chosen', () => {
    const all: Choice = {
      off: new Set(['tracks', 'areas', 'watch', 'vessels', 'events', 'sights']),
      originators: new Set(['JPN', 'KOR', 'USA']),
      domains: new Set(['missile', 'maritime']),
      agreements: new Set(['pact', 'alliance', 'own']),
    };
    expect([...chosen(pane(ITEMS), all).items.keys()]).toEqual(['warn']);
  });
  it('a fused object only where all its sources are', () => {
    const both = pane([], [sight({ key: 'a', sources: ['USA', 'JPN'] }), sight({ key: 'b', sources: ['USA'] })]);
    const left = chosen(both, { ...EVERYTHING, originators: new Set(['USA']) });
    expect([...left.sights.keys()]).toEqual(['a']);
  });
});

describe('what is offered', () => {
  it('is what there is, sorted, and what is hidden', () => {
    expect(offered(pane(ITEMS), { ...EVERYTHING, originators: new Set(['AUS']) })).toEqual({
      originators: ['AUS', 'JPN', 'KOR', 'USA'],
      domains: ['maritime', 'missile'],
      agreements: ['alliance', 'own', 'pact'],
    });
  });
});

describe('the choice in the address', () => {
  it('comes back as it went', () => {
    const one = switched(switched(EVERYTHING, 'off', 'vessels'), 'originators', 'USA');
    expect(choiceOf(viewOf(one))).toEqual(one);
  });
  it('switched twice is nothing', () => {
    expect(switched(switched(EVERYTHING, 'off', 'vessels'), 'off', 'vessels')).toEqual(EVERYTHING);
  });
  it('takes no layer that is none', () => expect(choiceOf({ off: 'vessels,__proto__,x' }).off.size).toBe(1));
  it('is bounded', () => {
    const many = Array.from({ length: 5_000 }, (_, number) => `A${number}`).join(',');
    expect(choiceOf({ noby: many }).originators.size).toBe(100);
  });
});
