import { describe, expect, it } from 'vitest';
import { confirmation, fieldsOf, fieldText, soonestFirst, standingOf, type Answered, type Question } from './desk';

const question: Question = {
  question: '0123456789abcdef',
  clause: 'pact#launches',
  rule: null,
  article: '3',
  note: '',
  subject: 'JPN-seen',
  item: { item_id: 'JPN-seen', version: 2 },
  recipient: 'KOR',
  via: null,
  asked_ns: 0,
  deadline_ns: 60e9,
  request: null,
  said: '',
  needed: 2,
  approved_by: [],
  outcome: 'permit',
  reasons: ['permitted-with-consent'],
  clauses: [],
  form: 'areas',
  duties: {},
  held: null,
  would_leave: null,
  before: null,
  after: null,
  moved_m: null,
};

const answered: Answered = {
  question: question.question,
  clause: question.clause,
  subject: 'JPN-seen',
  recipient: 'KOR',
  via: null,
  needed: 1,
  approved_by: ['JPN/kim'],
  said: [
    { officer: 'JPN/kim', stands_for: null, step: 'answered', granted: true, at_ns: 5e9, until_ns: 600e9, said: '' },
  ],
  left: null,
  leaves_ns: 15e9,
  may_undo: true,
};

describe('fields side by side', () => {
  const held = { item_id: 'JPN-t1', state: { position_mm: [1000, 2000, 3000], epoch_ns: 0 }, sensors: ['one'], text: '' };
  const leaving = { item_id: 'JPN-t1', state: { position_mm: [0, 0, 5_000_000], epoch_ns: 0 }, sensors: [], text: '' };

  it('name what is changed, and where it stands', () =>
    expect(fieldsOf(held, leaving).filter(({ changed }) => changed)).toEqual([
      { path: 'state.position_mm', before: '1 m, 2 m, 3 m', after: '0 m, 0 m, 5000 m', changed: true },
      { path: 'sensors', before: 'one', after: '–', changed: true },
    ]));
  it('leave out what neither has', () =>
    expect(fieldsOf(held, leaving).map(({ path }) => path)).not.toContain('text'));
  it('show what goes as a whole', () =>
    expect(fieldsOf({ state: { position_mm: [1, 2, 3] } }, { state: null })).toEqual([
      { path: 'state.position_mm', before: '0.001 m, 0.002 m, 0.003 m', after: '–', changed: true },
    ]));
  it('do not lose a value that only the copy has', () =>
    expect(fieldsOf({}, { text: 'added' })).toEqual([{ path: 'text', before: '–', after: 'added', changed: true }]));
  it('tell zero and false from nothing', () => {
    expect(fieldText(0)).toBe('0');
    expect(fieldText(false)).toBe('false');
    expect(fieldText(null)).toBe('–');
  });
  it.each([
    [1_238_898_615e9, 'valid_ns', '2009-04-05 02:30:15Z'],
    [408_600_000, 'place.latitude_1e7deg', '40.86 °'],
    [950_000, 'region.probability_ppm', '95 %'],
    [500, 'time_sigma_ms', '0.5 s'],
  ])('%s of %s reads %s', (value, path, told) => expect(fieldText(value, path)).toBe(told));
  it('say how many there are of what is long', () => expect(fieldText(Array(21).fill(1))).toBe('× 21'));
  it('keep a hostile name as the text that it is', () =>
    expect(fieldText('<script>alert(1)</script>\u202e')).toBe('<script>alert(1)</script>\u202e'));
});

describe('what is confirmed', () => {
  const keys = (one: Question, own = 'JPN/kim') => confirmation(one, 600, own).map(({ key }) => key);
  it('says to whom, in which form, what more it lets go, and that another must approve', () =>
    expect(keys(question)).toEqual([
      'desk.confirm.give',
      'desk.confirm.form',
      'desk.confirm.whole',
      'desk.confirm.subject',
      'desk.confirm.more',
    ]));
  it('says that it leaves by this answer where another has approved', () =>
    expect(keys({ ...question, approved_by: ['JPN/park'] }).at(-1)).toBe('desk.confirm.last'));
  it('does not count the own approval as that of another', () =>
    expect(keys({ ...question, approved_by: ['JPN/kim'] }).at(-1)).toBe('desk.confirm.more'));
  it('names the intermediary, and each duty instead of the whole', () =>
    expect(keys({ ...question, via: 'USA', needed: 1, duties: { round_position_m: 5000 } })).toEqual([
      'desk.confirm.via',
      'desk.confirm.form',
      'why.duty.round_position_m',
      'desk.confirm.subject',
      'desk.confirm.last',
    ]));
});

describe('how an answer stands', () => {
  it('is held until its time, then about to leave', () => {
    expect(standingOf(answered, 10e9)).toBe('held');
    expect(standingOf(answered, 15e9)).toBe('leaving');
  });
  it('has left', () =>
    expect(standingOf({ ...answered, left: { item: question.item, at_ns: 16e9 } }, 20e9)).toBe('left'));
  it('waits for another', () => expect(standingOf({ ...answered, needed: 2 }, 10e9)).toBe('more'));
  it('was refused', () =>
    expect(standingOf({ ...answered, said: [{ ...answered.said[0], granted: false }] }, 10e9)).toBe('refused'));
  it('was taken back', () => expect(standingOf({ ...answered, approved_by: [] }, 10e9)).toBe('undone'));
});

it('the question whose time passes first comes first', () =>
  expect(soonestFirst([question, { ...question, question: 'b', deadline_ns: 1 }]).map((one) => one.question)).toEqual([
    'b',
    question.question,
  ]));
