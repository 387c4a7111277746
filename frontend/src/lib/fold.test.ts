import { describe, expect, it } from 'vitest';
import { EMPTY_LOG, fold, foldAll, RUNS_MAX, talliesOf } from './fold';
import { decision, T0_NS } from './samples';
import type { DecisionRow } from './types';

let number = 0;
const row = (values: Partial<DecisionRow> = {}): DecisionRow => decision({ number: ++number, ...values });
const log = (rows: DecisionRow[]) => fold(EMPTY_LOG, 'JPN', rows);

describe('decisions that say the same', () => {
  it('are one run with a count and the last of them', () => {
    const { runs } = log([row({ version: 1 }), row({ version: 2 }), row({ version: 3, at_ns: T0_NS + 2e9 })]);
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ count: 3, first_ns: T0_NS, latest: { version: 3, at_ns: T0_NS + 2e9 } });
  });

  it('are one run also while those for another partner come between', () => {
    const { runs } = log([row(), row({ recipient: 'KOR' }), row(), row({ recipient: 'KOR' })]);
    expect(runs.map(({ latest, count }) => [latest.recipient, count])).toEqual([
      ['KOR', 2],
      ['USA', 2],
    ]);
  });

  it('are one run also while another subject waits for its approval', () => {
    const waits = { subject: 'JPN-t2', outcome: 'refer', reasons: ['consent-needed'] };
    const { runs } = log([row(), row(waits), row(), row(waits), row()]);
    expect(runs.map(({ latest, count }) => [latest.subject, count])).toEqual([
      ['JPN-t2', 2],
      ['JPN-t1', 3],
    ]);
  });

  it('are one run for all ships of which they say the same', () => {
    const ship = (subject: string, values: Partial<DecisionRow> = {}) =>
      row({ kind: 'vessel', subject, ...values });
    const kept = { outcome: 'withhold', reasons: ['no-clause'], clauses: [] };
    const { runs } = log([ship('a'), ship('b', kept), ship('c'), ship('d', kept), ship('a')]);
    expect(runs.map(({ latest, count }) => [latest.outcome, count])).toEqual([
      ['withhold', 2],
      ['permit', 3],
    ]);
  });

  it('keep the key of their run while it grows', () => {
    const first = log([row()]);
    const second = fold(first, 'JPN', [row()]);
    expect(second.runs[0].key).toBe(first.runs[0].key);
    expect(first.runs[0].count).toBe(1);
  });
});

describe('a new run begins', () => {
  it.each<[string, Partial<DecisionRow>]>([
    ['with another outcome', { outcome: 'withhold' }],
    ['with another reason', { reasons: ['permitted-with-consent'] }],
    ['with one reason more', { reasons: ['permitted', 'no-clause'] }],
    ['with another clause', { clauses: ['other.toml#1'] }],
    ['with another recipient', { recipient: 'KOR' }],
    ['with another sender', { sender: 'USA' }],
    ['through an intermediary', { via: 'USA' }],
    ['with another kind', { kind: 'area' }],
    ['about another subject', { subject: 'JPN-t2' }],
  ])('%s', (_name, values) => {
    const { runs } = log([row(), row(values)]);
    expect(runs.map(({ count }) => count)).toEqual([1, 1]);
    expect(runs[0].latest).toMatchObject(values);
  });

  it('when the answer goes back to what it was', () => {
    const { runs } = log([row(), row({ outcome: 'withhold' }), row()]);
    expect(runs.map(({ latest }) => latest.outcome)).toEqual(['permit', 'withhold', 'permit']);
  });

  it('for another node', () => {
    const first = log([row()]);
    expect(fold(first, 'KOR', [row()]).runs).toHaveLength(2);
  });
});

describe('the log', () => {
  it('counts nothing twice', () => {
    const rows = [row(), row()];
    const once = log(rows);
    expect(fold(once, 'JPN', rows)).toBe(once);
  });

  it('has a limit', () => {
    const rows = Array.from({ length: RUNS_MAX + 40 }, (_, place) => row({ reasons: [`reason-${place}`] }));
    const { runs } = log(rows);
    expect(runs).toHaveLength(RUNS_MAX);
    expect(runs[0].latest.reasons).toEqual([`reason-${RUNS_MAX + 39}`]);
  });

  it('of several nodes is in the order of instants', () => {
    const early = row({ at_ns: T0_NS + 1e9 });
    const late = row({ at_ns: T0_NS + 2e9, sender: 'KOR' });
    const { runs } = foldAll({ KOR: { decisions: [late] }, JPN: { decisions: [early] } });
    expect(runs.map(({ party }) => party)).toEqual(['KOR', 'JPN']);
  });
});

describe('runs', () => {
  it('stand by when they began, also when a node tells late', () => {
    const first = fold(EMPTY_LOG, 'KOR', [row({ at_ns: T0_NS + 9e9, sender: 'KOR' })]);
    const { runs } = fold(first, 'JPN', [
      row({ at_ns: T0_NS + 3e9 }),
      row({ at_ns: T0_NS + 12e9, kind: 'area' }),
    ]);
    expect(runs.map(({ first_ns }) => (first_ns - T0_NS) / 1e9)).toEqual([12, 9, 3]);
  });
});

describe('a tally', () => {
  it('counts each item once, by who made it', () => {
    const kept = { outcome: 'withhold', recipient: 'KOR' };
    const tallies = talliesOf(log([row(kept), row(kept), row({ ...kept, item_id: 'JPN-a1' })]));
    expect(tallies.get('KOR')).toEqual({ withheld: { JPN: 2 }, referred: {} });
  });

  it('does not count what another way lets through', () => {
    const direct = row({ outcome: 'withhold', recipient: 'KOR' });
    const through = row({ outcome: 'permit', recipient: 'KOR', via: 'USA' });
    expect(talliesOf(log([direct, through])).get('KOR')).toEqual({ withheld: {}, referred: {} });
  });

  it('counts what waits for a person apart, until it is answered', () => {
    const asked = row({ outcome: 'refer', recipient: 'KOR' });
    expect(talliesOf(log([asked])).get('KOR')).toEqual({ withheld: {}, referred: { JPN: 1 } });
    const answered = row({ outcome: 'withhold', recipient: 'KOR' });
    expect(talliesOf(log([asked, answered])).get('KOR')).toEqual({ withheld: { JPN: 1 }, referred: {} });
  });

  it('leaves out that nothing is sent back to who made it', () => {
    const back = row({ outcome: 'withhold', sender: 'USA', recipient: 'JPN', originator: 'JPN' });
    expect(talliesOf(log([back])).get('JPN')?.withheld).toEqual({});
  });
});
