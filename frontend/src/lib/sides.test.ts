import { describe, expect, it } from 'vitest';
import { foldAll } from './fold';
import { wholePicture } from './picture';
import { decision, shown, sight, stateEvent, T0_NS } from './samples';
import { apart_m, countsOf, differs, firstOf, ghostsOf, lacksOf, ratioOf, thingsOf, type Held } from './sides';
import type { PaneWhole, ShownSight } from './types';

const ALL = ['JPN', 'KOR', 'USA'];
const round = (semi_major_m: number) => ({ semi_major_m, semi_minor_m: semi_major_m, bearing_deg: 0 });
const pane = (values: Partial<PaneWhole> = {}): PaneWhole => ({
  up: true,
  at_ns: T0_NS,
  items: [],
  sights: [],
  trails: {},
  decisions: [],
  ...values,
});
const seen = (values: Partial<ShownSight> = {}): ShownSight => sight({ ellipse: round(100), ...values });
const picture = (panes: Record<string, PaneWhole>) => wholePicture(stateEvent({ parties: ALL, panes }), 0);
const things = (panes: Record<string, PaneWhole>) => thingsOf(ALL, picture(panes).panes);
const held = (values: Partial<Held> = {}): Held => ({
  id: 'sight:1',
  sources: [],
  sigma_m: 0,
  valid_ns: T0_NS,
  first_ns: T0_NS,
  lat: 0,
  lon: 0,
  height_m: 0,
  speed_m_per_s: 0,
  ...values,
});

describe('how far apart two objects are', () => {
  // One degree of a great circle of radius 6371008.8 m.
  it.each([
    [{ lat: 1 }, 111_195],
    [{ lon: 1 }, 111_195],
    [{ height_m: 5_000 }, 5_000],
    [{}, 0],
  ])('%o', (values, metres) => {
    expect(apart_m(held(), held(values))).toBeCloseTo(metres, -1);
  });
});

describe('objects of two pictures', () => {
  it('that are too far apart are two', () => {
    const found = things({ JPN: pane({ sights: [seen()] }), KOR: pane({ sights: [seen({ lat: 41 })] }) });
    expect(found.map(({ by }) => [by.JPN !== null, by.KOR !== null])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  it('bear keys of their own, though parties name theirs alike', () => {
    const found = things({ JPN: pane({ sights: [seen()] }), KOR: pane({ sights: [seen({ lat: 41 })] }) });
    expect(new Set(found.map(({ key }) => key)).size).toBe(2);
  });

  it('of one party are never one, however near', () => {
    expect(things({ JPN: pane({ sights: [seen(), seen({ key: 'o2' })] }) })).toHaveLength(2);
  });

  it('that are not confirmed, or have no place, are not compared', () => {
    expect(things({ JPN: pane({ sights: [seen({ confirmed: false }), seen({ key: 'o2', lat: null })] }) })).toEqual([]);
  });

  it('within their regions are one', () => {
    const found = things({
      JPN: pane({ sights: [seen()] }),
      KOR: pane({ sights: [seen({ key: 'k1', lat: 40.1, ellipse: round(12_000) })] }),
    });
    expect(found).toHaveLength(1);
    expect(ratioOf(found[0], 'KOR')).toBe(120);
    expect(ratioOf(found[0], 'JPN')).toBe(1);
    expect(ratioOf(found[0], 'USA')).toBeNull();
  });

  it('of different instants are one where the object moved so far', () => {
    const later = { key: 'k1', lat: 40.15, valid_ns: T0_NS + 20e9 };
    const moved = { JPN: pane({ sights: [seen()] }), KOR: pane({ sights: [seen(later)] }) };
    const stood = { ...moved, KOR: pane({ sights: [seen({ ...later, valid_ns: T0_NS })] }) };
    expect(things(moved)).toHaveLength(1);
    expect(things(stood)).toHaveLength(2);
  });

  it('go to the nearest of several', () => {
    const found = things({
      JPN: pane({ sights: [seen(), seen({ key: 'o2', lat: 40.02 })] }),
      KOR: pane({ sights: [seen({ key: 'k1', lat: 40.019 })] }),
    });
    expect(found.find(({ by }) => by.KOR)?.by.JPN?.id).toBe('sight:o2');
  });
});

describe('items', () => {
  it('that only the own staff may see are no difference', () => {
    expect(things({ JPN: pane({ items: [shown({ kind: 'area', area: 'watch' })] }) })).toEqual([]);
  });

  it('are one by their name, ships by their number', () => {
    const found = things({
      JPN: pane({ items: [shown({ id: 'a', kind: 'vessel', mmsi: '1' }), shown({ id: 'w', kind: 'warning' })] }),
      KOR: pane({ items: [shown({ id: 'b', kind: 'vessel', mmsi: '1' }), shown({ id: 'w', kind: 'warning' })] }),
    });
    expect(found.map(({ kind }) => kind)).toEqual(['warning', 'vessel']);
    expect(found.every(({ by }) => by.JPN && by.KOR && !by.USA)).toBe(true);
  });
});

describe('why a party lacks an object', () => {
  const withheld = decision({ recipient: 'KOR', outcome: 'withhold', reasons: ['no-agreement'], clauses: [] });
  const panes = { JPN: pane({ sights: [seen({ sources: ['JPN'] })], decisions: [withheld] }), KOR: pane() };
  const [thing] = things(panes);

  it('nothing is said of who has it', () => {
    expect(lacksOf(thing, 'JPN', foldAll(panes))).toEqual([]);
  });

  it('where nobody decided, says that', () => {
    expect(lacksOf(thing, 'USA', foldAll(panes))).toEqual([{ originator: 'JPN', decision: null }]);
  });

  it('is the answer on the way to it', () => {
    expect(lacksOf(thing, 'KOR', foldAll(panes))[0].decision?.reasons).toEqual(['no-agreement']);
  });

  it('is the best of several ways', () => {
    const asked = decision({ number: 2, recipient: 'KOR', via: 'USA', outcome: 'refer', at_ns: T0_NS - 1e9 });
    const log = foldAll({ JPN: pane({ decisions: [withheld, asked] }) });
    expect(lacksOf(thing, 'KOR', log)[0].decision?.outcome).toBe('refer');
  });

  it('is not an answer about another kind or to another party', () => {
    const others = [
      decision({ recipient: 'USA', outcome: 'withhold' }),
      decision({ number: 2, recipient: 'KOR', kind: 'area', outcome: 'withhold' }),
    ];
    expect(lacksOf(thing, 'KOR', foldAll({ JPN: pane({ decisions: others }) }))[0].decision).toBeNull();
  });
});

describe('what is told of all', () => {
  const found = things({
    JPN: pane({ sights: [seen()], trails: { 'sight:o1': [[T0_NS - 5e9, 40, 130, 0]] } }),
    KOR: pane({ sights: [seen({ key: 'k1', ellipse: round(160) })] }),
  });

  it('counts what each has, lacks, has coarser and alone', () => {
    expect(countsOf(found, 'KOR')).toEqual({ has: 1, lacks: 0, coarser: 1, alone: 0 });
    expect(countsOf(found, 'USA')).toEqual({ has: 0, lacks: 1, coarser: 0, alone: 0 });
  });

  it('differs where one lacks it or has it clearly coarser, and not else', () => {
    expect(differs(found[0])).toBe(true);
    const same = things(Object.fromEntries(ALL.map((party) => [party, pane({ sights: [seen()] })])));
    expect(differs(same[0])).toBe(false);
  });

  it('names who had it first, and all of those who had it in the same second', () => {
    expect(firstOf(found[0])).toEqual({ parties: ['JPN'], first_ns: T0_NS - 5e9 });
    const both = things({ JPN: pane({ sights: [seen()] }), KOR: pane({ sights: [seen({ valid_ns: T0_NS + 9e8 })] }) });
    expect(firstOf(both[0]).parties).toEqual(['JPN', 'KOR']);
  });

  it('counts from the own track where the object was lost and found again', () => {
    const trails: PaneWhole['trails'] = {
      'sight:o1': [[T0_NS, 40, 130, 0]],
      'JPN-o1': [[T0_NS - 60e9, 40, 130, 0]],
    };
    const again = things({ JPN: pane({ sights: [seen()], trails }) });
    expect(firstOf(again[0]).first_ns).toBe(T0_NS - 60e9);
  });

  it('marks on a map where others have what is lacking, from the surest', () => {
    expect(ghostsOf(found, 'USA')).toEqual([{ lat: 40, lon: 130, height_m: 1000, codes: ['JPN', 'KOR'] }]);
    expect(ghostsOf(found, 'JPN')).toEqual([]);
  });
});
