import { describe, expect, it } from 'vitest';
import type { Pane } from './picture';
import type { Shown } from './types';
import type { NotedWarning } from './api';
import { loudest, newStages, ordered, soundOf, stageOf, titleMark, toldOf, untold } from './warnings';

const noted = (id: string, changes: Partial<NotedWarning> = {}, item: Partial<Shown> = {}): NotedWarning => ({
  id,
  version: 1,
  since_version: 1,
  withdrawn: false,
  status: 'real',
  first: null,
  basis: [],
  acknowledged: [],
  item: { id, kind: 'warning', subject: `${id}-object`, valid_ns: 100, ...item } as Shown,
  ...changes,
});
const SEEN = [{ by: 'park', at_ns: 1 }];

const paneOf = (items: Partial<Shown>[]): Pane =>
  ({ items: new Map(items.map((item) => [item.id, item])) }) as unknown as Pane;

describe('who is needed', () => {
  it('is nobody where all was seen, and nothing sounds', () => {
    const seen = [noted('a', { acknowledged: SEEN }), noted('b', { withdrawn: true, acknowledged: SEEN })];
    expect([loudest(seen), titleMark(seen), newStages(new Set(), seen)]).toEqual([null, '', []]);
    expect([loudest([]), titleMark([]), newStages(new Set(), [])]).toEqual([null, '', []]);
  });

  it('is counted in the title, a withdrawal alone with a sign of its own', () => {
    expect(titleMark([noted('a'), noted('b'), noted('c', { acknowledged: SEEN })])).toBe('▲2 ');
    expect(titleMark([noted('a', { withdrawn: true })])).toBe('✕1 ');
    expect(titleMark([noted('a', { withdrawn: true }), noted('b')])).toBe('▲2 ');
  });

  it('a warning, its withdrawal and its being raised again are three things', () => {
    const first = noted('a');
    const withdrawn = noted('a', { withdrawn: true, since_version: 4 });
    const again = noted('a', { since_version: 5 });
    const stages = [first, withdrawn, again].map(stageOf);
    expect(new Set(stages).size).toBe(3);
    expect(newStages(new Set([stages[0] ?? '']), [withdrawn])).toEqual([stages[1]]);
    expect(newStages(new Set(stages), [noted('a', { version: 3 })])).toEqual([]);
  });
});

describe('what the strip over a map says', () => {
  const shown = (id: string, state: string): Shown => ({ id, state, kind: 'warning' }) as Shown;

  it('is not what the banner says already', () => {
    const warnings = [shown('a', 'raised'), shown('b', 'raised'), shown('c', 'retracted')];
    const told = untold(warnings, [noted('a'), noted('c', { withdrawn: true })]);
    expect(told.map(({ id }) => id)).toEqual(['b']);
    expect(untold(warnings, [])).toEqual(warnings);
  });

  it('is the withdrawal while the banner still has the warning', () => {
    expect(untold([shown('a', 'retracted')], [noted('a')])).toHaveLength(1);
    expect(untold([shown('a', 'raised')], [noted('a', { withdrawn: true })])).toHaveLength(1);
  });
});

describe('what is heard', () => {
  it.each([
    ['real', false, 'real'],
    ['real', true, 'cancel'],
    ['exercise', false, 'drill'],
    ['exercise', true, 'drill-cancel'],
    ['simulated', false, 'drill'],
    ['simulated', true, 'drill-cancel'],
    ['something new', false, 'drill'],
  ] as const)('of a warning that is %s, withdrawn: %s', (status, withdrawn, sound) =>
    expect(soundOf(noted('a', { status, withdrawn }))).toBe(sound),
  );

  it('is what is meant before what is played, and a warning before a withdrawal', () => {
    const drill = noted('d', { status: 'exercise' });
    const cancel = noted('c', { withdrawn: true });
    expect(loudest([drill, cancel])).toBe('cancel');
    expect(loudest([drill, cancel, noted('r')])).toBe('real');
    expect(loudest([drill, { ...cancel, acknowledged: SEEN }])).toBe('drill');
  });
});

describe('the banner', () => {
  it('has what needs somebody first, then what is meant, then the newest; a second hides no first', () => {
    const rows = [
      noted('seen', { acknowledged: SEEN }, { valid_ns: 900 }),
      noted('drill', { status: 'exercise' }, { valid_ns: 800 }),
      noted('old', {}, { valid_ns: 100 }),
      noted('new', {}, { valid_ns: 200 }),
    ];
    expect(ordered(rows).map(({ id }) => id)).toEqual(['new', 'old', 'drill', 'seen']);
    expect(rows.map(({ id }) => id)).toEqual(['seen', 'drill', 'old', 'new']);
  });
});

describe('what a warning tells', () => {
  const warning = noted('w', { basis: ['JPN-launch'] }, { subject: 'JPN-t1' });

  it('is little where the items around it are not here', () => {
    const nothing = { where: null, within_m: null, when_ns: 100, impact_ns: null, threats: [], disputes: [] };
    expect(toldOf(warning, undefined)).toEqual(nothing);
    expect(toldOf(warning, paneOf([]))).toEqual(nothing);
    expect(toldOf(warning, paneOf([{ id: 'JPN-launch', subject: 'JPN-t1', valid_ns: 50 }])).where).toBeNull();
  });

  it('is where and when, from what it rests on, and the first impact of the same object', () => {
    const told = toldOf(
      warning,
      paneOf([
        { id: 'JPN-launch', subject: 'JPN-t1', valid_ns: 50, lat: 40.8, lon: 129.6, ellipse: { semi_major_m: 900, semi_minor_m: 100, bearing_deg: 0 } },
        { id: 'a', subject: 'JPN-t1', area: 'impact', expected_ns: 700 },
        { id: 'b', subject: 'JPN-t1', area: 'impact', expected_ns: 600 },
        { id: 'c', subject: 'JPN-t2', area: 'impact', expected_ns: 500 },
        { id: 'd', subject: 'JPN-t1', area: 'launch', expected_ns: 400 },
      ]),
    );
    expect(told).toMatchObject({ where: { lat: 40.8, lon: 129.6 }, within_m: 900, when_ns: 50, impact_ns: 600 });
  });

  it('names threats that stand, and disputes that are open, of the same object alone', () => {
    const threat = { area: 'x', names: { en: 'Town', ja: '', ko: '' }, impact: 0.5, overflight: 0, first_ns: 900, last_ns: 950 };
    const accounts = (basis: string, subject = 'other') => [{ party: 'USA', basis, subject }];
    const told = toldOf(
      warning,
      paneOf([
        { id: 'JPN-launch', subject: 'JPN-t1', valid_ns: 50 },
        { id: 't1', subject: 'JPN-t1', threat, state: 'raised' },
        { id: 't2', subject: 'JPN-t1', threat, state: 'retracted' },
        { id: 't3', subject: 'JPN-t9', threat, state: 'raised' },
        { id: 'd1', subject: 'q', kind: 'disagreement', state: 'open', accounts: accounts('JPN-launch v1') },
        { id: 'd2', subject: 'q', kind: 'disagreement', state: 'resolved', accounts: accounts('JPN-launch v1') },
        { id: 'd3', subject: 'q', kind: 'disagreement', state: 'open', accounts: accounts('JPN-launcher v1') },
        { id: 'd4', subject: 'q', kind: 'disagreement', state: 'open', accounts: accounts('z v1', 'JPN-t1') },
        { id: 'd5', subject: 'q', kind: 'disagreement', state: 'open' },
      ] as unknown as Partial<Shown>[]),
    );
    expect(told.threats.map(({ id }) => id)).toEqual(['t1']);
    expect(told.disputes.map(({ id }) => id)).toEqual(['d1', 'd4']);
  });

  it('of a threat is when it comes, before any impact elsewhere', () => {
    const own = noted('w', {}, { threat: { area: 'x', names: { en: '', ja: '', ko: '' }, impact: 1, overflight: 0, first_ns: 77, last_ns: 99 } });
    expect(toldOf(own, paneOf([{ id: 'a', subject: 'w-object', area: 'impact', expected_ns: 5 }])).impact_ns).toBe(77);
  });
});
