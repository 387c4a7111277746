import { describe, expect, it } from 'vitest';
import { TEXTS } from './i18n';
import { wholePicture } from './picture';
import { sight, stateEvent, T0_NS } from './samples';
import { canTour, firstSights, lengthOf, objectOf, STEPS, TASKS, textOf, titleOf, valuesOf } from './tour';
import type { PaneWhole, StateEvent } from './types';

const ALL = ['JPN', 'KOR', 'USA'];
const REGIMES = ['separate-2009', 'hub-2014', 'direct-2016', 'realtime-2023'].map((name) => ({ name, title: name }));
const pane = (values: Partial<PaneWhole> = {}): PaneWhole => ({
  up: true,
  at_ns: T0_NS,
  items: [],
  sights: [],
  trails: {},
  decisions: [],
  ...values,
});
const picture = (values: Partial<StateEvent> = {}) =>
  wholePicture(stateEvent({ parties: ALL, regimes: REGIMES, panes: {}, ...values }), 0);
const name = (party: string): string => `<${party}>`;

describe('the tour', () => {
  it('is not of an exercise without its parties or its regimes', () => {
    expect(canTour(null)).toBe(false);
    expect(canTour(picture({ parties: ['JPN', 'KOR'] }))).toBe(false);
    expect(canTour(picture({ regimes: REGIMES.slice(0, 2) }))).toBe(false);
    expect(canTour(picture())).toBe(true);
  });

  it('takes about three minutes by itself', () => {
    expect(lengthOf(STEPS)).toBeGreaterThan(150);
    expect(lengthOf(STEPS)).toBeLessThan(200);
  });

  it('has a title and a text in every language for each step and each task', () => {
    for (const texts of Object.values(TEXTS)) {
      for (const key of [...STEPS.flatMap((step) => [titleOf(step), textOf(step)]), ...TASKS]) {
        expect(texts[key], key).toBeTruthy();
      }
    }
  });

  it('begins anew, goes through the years in their order, and its last step stays', () => {
    expect(STEPS[0].restart).toBe(true);
    const years = [...new Set(STEPS.map(({ regime }) => regime))];
    expect(years).toEqual(REGIMES.map((regime) => regime.name));
    expect(STEPS.filter(({ read_s }) => read_s === 0).map(({ id }) => id)).toEqual(['tasks']);
  });

  it('fills every value that a text has a place for', () => {
    const values = valuesOf(picture(), '?', name);
    for (const texts of Object.values(TEXTS)) {
      for (const step of STEPS) {
        for (const [, hole] of texts[textOf(step)].matchAll(/\{(\w+)\}/g)) {
          expect(values, `${step.id} ${hole}`).toHaveProperty(hole);
        }
      }
    }
  });
});

describe('who had it first', () => {
  const sights = [sight({ key: 'a' }), sight({ key: 's', domain: 'maritime' })];
  const seen = picture({
    panes: {
      KOR: pane({ sights, trails: { 'sight:a': [[T0_NS + 65e9, 1, 1, 1]], 'sight:s': [[T0_NS, 1, 1, 1]] } }),
      USA: pane({ sights, trails: { 'sight:a': [[T0_NS + 55e9, 1, 1, 1]] } }),
    },
  });

  it('is told of what flies, from where each trail begins', () => {
    expect(firstSights(seen)).toEqual({ KOR: 65, USA: 55 });
    const values = valuesOf(seen, '?', name);
    expect([values.party, values.seconds, values.kor, values.jpn]).toEqual(['<USA>', 55, 65, '?']);
  });

  it('is nobody while nobody has anything', () => {
    const values = valuesOf(picture(), '?', name);
    expect([values.party, values.seconds]).toEqual(['?', '?']);
  });
});

describe('where the maps look', () => {
  it('is at the surest object that flies, and nowhere without one', () => {
    const near = { semi_major_m: 10, semi_minor_m: 5, bearing_deg: 0 };
    const sights = [
      sight({ key: 'far', lat: 1 }),
      sight({ key: 'near', lat: 2, ellipse: near }),
      sight({ key: 'ship', lat: 3, domain: 'maritime', ellipse: near }),
      sight({ key: 'nowhere', lat: null, ellipse: near }),
    ];
    expect(objectOf(picture({ panes: { KOR: pane({ sights }) } }), 'KOR')?.lat).toBe(2);
    expect(objectOf(picture(), 'KOR')).toBeNull();
  });
});
