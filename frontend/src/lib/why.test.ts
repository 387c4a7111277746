import { describe, expect, it } from 'vitest';
import type { Shown } from './types';
import {
  accuracy,
  bySource,
  clausesOf,
  comparison,
  degraded,
  dutySentences,
  isCoarser,
  letIn,
  origin,
  otherSentences,
  sourceSentences,
  type Given,
  type Other,
  type Why,
} from './why';

const item: Shown = {
  id: 'JPN-seen',
  version: 3,
  kind: 'track',
  subject: 'JPN-seen',
  domain: 'missile',
  originator: 'JPN',
  originators: ['JPN'],
  sender: null,
  form: 'tracks',
  status: 'simulated',
  valid_ns: 100e9,
  marking: 'JPN GOKUHI',
  lat: 40,
  lon: 130,
  ellipse: { semi_major_m: 300, semi_minor_m: 200, bearing_deg: 0 },
  height_sigma_m: 100,
};

const clause = { name: 'pact.toml#3', agreement: 'pact', version: 1, title: 'A pact', article: '3', text: null };
const terms = { clauses: [clause], form: 'tracks', duties: {} };
const given: Given = {
  ...terms,
  sender: 'JPN',
  via: null,
  purpose: 'missile-warning',
  decided_ns: 101e9,
  received_ns: 102e9,
  entry: 7,
  expires_ns: null,
  approved_by: [],
};
const other: Other = {
  ...terms,
  recipient: 'KOR',
  via: null,
  number: 12,
  at_ns: 101e9,
  outcome: 'permit',
  reasons: ['permitted'],
  officers: [],
  waits: null,
  leaves_ns: 101e9,
  got: null,
  copy: null,
  moved_m: null,
};
const own: Why = {
  at_ns: 110e9,
  item,
  own: true,
  made_ns: 100e9,
  received_under: [],
  for_me: { clauses: [], form: 'tracks', duties: {} },
  given: null,
  kept: null,
  others: [other],
  names: ['JPN-seen'],
};
const theirs: Why = { ...own, own: false, given, others: [], item: { ...item, sender: 'JPN' } };
const keys = (told: readonly { key: string }[]): string[] => told.map(({ key }) => key);

describe('where it comes from', () => {
  it('is the own sensors of an own item', () => expect(keys(origin(own))).toEqual(['why.from.own', 'why.valid']));
  it('names those whose observations went in, and under which agreements', () => {
    const fused = { ...own, item: { ...item, originators: ['JPN', 'USA'] }, received_under: ['pact@1'] };
    expect(keys(origin(fused))).toEqual(['why.from.fused', 'why.from.under', 'why.valid']);
    expect(origin(fused)[0].values.parties).toEqual({ list: [{ group: 'party', code: 'USA' }] });
  });
  it('is the giver of a partner item', () => expect(keys(origin(theirs))).toEqual(['why.from.given', 'why.valid']));
  it('tells who passed it on', () => {
    const passed = { ...theirs, given: { ...given, sender: 'USA' } };
    expect(origin(passed)[0]).toMatchObject({ key: 'why.from.passed', values: { entry: 7 } });
  });
});

describe('what let it in', () => {
  it('is nothing for an own item', () => expect(keys(letIn(own))).toEqual(['why.in.own']));
  it('is a rule, or a person', () => {
    expect(keys(letIn(theirs))).toEqual(['why.in.decided', 'why.by.rule']);
    expect(keys(letIn({ ...theirs, given: { ...given, approved_by: ['JPN/kim'], expires_ns: 200e9 } }))).toEqual([
      'why.in.decided',
      'why.by.person',
      'why.in.expires',
    ]);
  });
});

describe('duties', () => {
  it('are sentences with what they do in metres and seconds', () =>
    expect(dutySentences({ round_position_m: 5000, cover_m: 2000, delay_s: 30 })).toEqual([
      { key: 'why.duty.delay_s', values: { seconds: { seconds: 30 } } },
      { key: 'why.duty.round_position_m', values: { metres: { metres: 5000 }, off: { metres: 2500 } } },
      { key: 'why.duty.cover_m', values: { metres: { metres: 2000 }, off: { metres: 6000 } } },
    ]));
  it('that ask for nothing say nothing', () => expect(dutySentences({ delay_s: 0, strip: [] })).toEqual([]));
  it('make a copy coarser, but not those that only bind its holder', () => {
    expect(isCoarser({ ...terms, duties: { return_or_destroy: true, expire_s: 60, mark: ['X'] } })).toBe(false);
    expect(isCoarser({ ...terms, duties: { thin_s: 10 } })).toBe(true);
    expect(isCoarser({ ...terms, form: 'coarse-tracks' })).toBe(true);
    expect(isCoarser({ ...terms, form: 'existence' })).toBe(true);
  });
});

describe('how it was degraded', () => {
  it('says that nothing was taken away where nothing was', () =>
    expect(keys(degraded(theirs))).toContain('why.full'));
  it('tells what the giver did, then what the own house does', () => {
    const told = keys(
      degraded({
        ...theirs,
        given: { ...given, duties: { round_position_m: 5000 } },
        for_me: { ...terms, duties: { thin_s: 10 } },
      }),
    );
    expect(told.indexOf('why.duty.round_position_m')).toBeLessThan(told.indexOf('why.inside'));
    expect(told.indexOf('why.inside')).toBeLessThan(told.indexOf('why.duty.thin_s'));
    expect(told).not.toContain('why.full');
  });
  it('states three sigma of a track, in metres', () =>
    expect(accuracy(item)).toEqual([
      { key: 'why.accuracy.track', values: { major: { metres: 300 }, minor: { metres: 200 } } },
      { key: 'why.accuracy.height', values: { metres: { metres: 300 } } },
    ]));
});

describe('what a partner gets', () => {
  it('is told with reason, decision and rule', () =>
    expect(keys(otherSentences(other, item))).toEqual([
      'why.other.permit',
      'why.other.reason',
      'why.other.leaves',
      'why.by.rule',
      'why.decision',
    ]));
  it('or what is waited for', () => {
    const waits = { question: 'q', needed: 2, approved_by: ['JPN/kim'], asked_ns: 0, deadline_ns: 60e9 };
    const told = otherSentences({ ...other, outcome: 'refer', waits, number: null }, item);
    expect(told.find(({ key }) => key === 'why.waits')?.values).toMatchObject({ missing: 1, needed: 2 });
    expect(keys(told)).toContain('why.waits.by');
    expect(keys(told)).toContain('why.decision.now');
  });
  it('is compared with what is held: place, shift and age', () => {
    const copy = { ...item, valid_ns: 90e9, ellipse: { semi_major_m: 6000, semi_minor_m: 6000, bearing_deg: 0 } };
    expect(keys(comparison({ copy, moved_m: 1234 }, item))).toEqual([
      'why.compare.place',
      'why.compare.moved',
      'why.compare.time',
    ]);
    expect(comparison({ copy, moved_m: 1234 }, item)[2].values).toEqual({ seconds: { seconds: 10 } });
  });
  it('without a place says so', () =>
    expect(keys(comparison({ copy: { ...item, lat: null, lon: null, ellipse: null }, moved_m: null }, item))).toEqual([
      'why.compare.noPlace',
    ]));
  it('a withheld item has reasons and nothing of a copy', () => {
    const told = keys(otherSentences({ ...other, outcome: 'withhold', form: null, reasons: ['no-agreement', 'not-releasable-to'] }, item));
    expect(told.filter((key) => key === 'why.other.reason')).toHaveLength(2);
    expect(told).not.toContain('why.other.leaves');
  });
});

it('each clause is named once', () => expect(clausesOf({ ...own, others: [other, other] })).toEqual([clause]));

describe('a fused object', () => {
  const theirs: Why = { ...own, own: false, given };

  it('has of each source one item, or none, in a fixed order', () => {
    const rows = bySource(['USA', 'JPN', 'KOR'], [theirs]);
    expect(rows.map(({ code, source }) => [code, source?.item.id ?? null])).toEqual([
      ['JPN', 'JPN-seen'],
      ['KOR', null],
      ['USA', null],
    ]);
  });

  it('never names a source that the picture does not', () => {
    expect(bySource(['USA'], [theirs]).map(({ code }) => code)).toEqual(['USA']);
  });

  it('tells of a partner who gave it when, and in which form', () => {
    const keys = sourceSentences('JPN', theirs, 'KOR').map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(['why.from.given', 'why.in.decided', 'why.by.rule', 'why.form', 'why.full']));
  });

  it.each([
    ['KOR', 'why.sight.own'],
    ['USA', 'why.sight.earlier'],
  ])('of %s without an item says so: %s', (code, key) =>
    expect(sourceSentences(code, null, 'KOR').map((one) => one.key)).toEqual([key]),
  );
});
