import { describe, expect, it } from 'vitest';
import { cellOf, clauseNamed, dutiesOf, linesOf, stateOf, toggled, type Cell, type Matrix, type Offer } from './agreements';

const offer = (values: Partial<Offer> = {}): Offer => ({
  kind: 'track',
  domain: 'missile',
  control: false,
  form: 'tracks',
  via: null,
  approval: 'none',
  duties: {},
  situations: [],
  clause: 'a.toml#1',
  agreement: 'a',
  ...values,
});
const cell = (values: Partial<Cell> = {}): Cell => ({
  from: 'JPN',
  to: 'KOR',
  own: true,
  reason: null,
  offers: [offer()],
  clauses: ['a.toml#1'],
  ...values,
});
const matrix: Matrix = {
  party: 'JPN',
  purpose: 'warning',
  at_ns: 0,
  parties: ['JPN', 'KOR'],
  cells: [cell()],
  agreements: [],
};

describe('a cell', () => {
  it('of a party with itself is none', () => {
    expect(stateOf(cellOf(matrix, 'JPN', 'JPN'))).toBe('self');
  });

  it('without anything is refused by default, also where clauses are there', () => {
    expect(stateOf(cell({ offers: [], reason: 'no-agreement' }))).toBe('nothing');
    expect(stateOf(cell({ offers: [], reason: 'giving-suspended' }))).toBe('nothing');
    expect(stateOf(cell({ own: false, offers: [], reason: 'clause-forbids' }))).toBe('nothing');
  });

  it.each(['no-agreement', 'no-clause', 'not-in-force'])(
    'of two others of which our agreements say nothing (%s) is not told, which is not nothing',
    (reason) => expect(stateOf(cell({ own: false, offers: [], reason }))).toBe('untold'),
  );

  it('with something gives', () => expect(stateOf(cellOf(matrix, 'JPN', 'KOR'))).toBe('gives'));
});

describe('the lines of a cell', () => {
  const mixed = cell({
    offers: [
      offer({ kind: 'recall', control: true, clause: 'a.toml#9' }),
      offer({ kind: 'area', form: 'areas', clause: 'a.toml#2' }),
      offer({ kind: 'warning', form: 'areas', clause: 'a.toml#2' }),
      offer({ kind: 'warning', form: 'areas', clause: 'a.toml#2', domain: 'maritime' }),
      offer(),
    ],
  });

  it('leave out what is about items, unless that is asked for', () => {
    expect(linesOf(mixed).flatMap(({ kinds }) => kinds)).not.toContain('recall');
    expect(linesOf(mixed, true).flatMap(({ kinds }) => kinds)).toContain('recall');
  });

  it('are one a clause, tracks first, each kind once', () => {
    expect(linesOf(mixed).map(({ clause, kinds }) => [clause, kinds])).toEqual([
      ['a.toml#1', ['track']],
      ['a.toml#2', ['warning', 'area']],
    ]);
  });

  it('of nothing are none', () => expect(linesOf(cell({ offers: [] }))).toEqual([]));
});

describe('duties', () => {
  it('stand in the order in which people ask', () => {
    expect(dutiesOf({ strip: ['sensors', 'text'], tear_line: true, delay_s: 10 })).toEqual([
      { name: 'delay_s', value: 10 },
      { name: 'strip', value: 'sensors, text' },
      { name: 'tear_line', value: '' },
    ]);
  });
});

describe('names', () => {
  it('are put in and taken out, and kept in order', () => {
    expect(toggled(['b'], 'a')).toEqual(['a', 'b']);
    expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
  });
  it('that no agreement has lead nowhere', () => expect(clauseNamed(matrix, 'a.toml#1')).toBeNull());
});
