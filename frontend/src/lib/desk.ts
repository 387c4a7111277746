/** The release desk: what `GET /desk` answers, and what an officer is told of it before anything leaves. */

import type { Shown } from './types';
import { dutySentences, isCoarser, party, type Clause, type Sentence, type Terms, type Value } from './why';

export interface Question extends Terms {
  question: string;
  clause: string;
  rule: Clause | null;
  article: string;
  note: string;
  subject: string;
  item: { item_id: string; version: number };
  recipient: string;
  via: string | null;
  asked_ns: number;
  deadline_ns: number;
  /** The partner's request that asks; null where an own item does by itself. */
  request: { item_id: string; version: number } | null;
  /** What the partner wrote. */
  said: string;
  needed: number;
  approved_by: string[];
  outcome: string | null;
  reasons: string[];
  held: Plain | null;
  would_leave: { item: Plain } | null;
  before: Shown | null;
  after: Shown | null;
  moved_m: number | null;
}

export interface Answered {
  question: string;
  clause: string;
  subject: string;
  recipient: string;
  via: string | null;
  needed: number;
  approved_by: string[];
  said: {
    officer: string | null;
    stands_for: string | null;
    step: string;
    granted: boolean | null;
    at_ns: number;
    until_ns: number | null;
    said: string;
  }[];
  left: { item: { item_id: string; version: number }; at_ns: number } | null;
  leaves_ns: number;
  may_undo: boolean;
}

export interface Declared {
  declared: 'situation' | 'suspension' | 'notice';
  party: string;
  about: string;
  since_ns: number;
  until_ns: number | null;
  officer: string | null;
}

export interface Emergency extends Clause {
  permits: boolean;
  situations: string[];
  believed: string[];
  domain: string;
  givers: string[];
  receivers: string[];
  kinds: string[];
  form: string | null;
  max_s: number | null;
  open: boolean;
  open_until_ns: number | null;
}

export interface Pact {
  agreement: string;
  version: number;
  title: string;
  parties: string[];
  notice_days: number;
  domain: string;
  clauses: { clause: string; article: string; note: string }[];
}

export interface Deputy {
  deputy: string;
  officer: string | null;
  until_ns: number | null;
}

export interface Desk {
  at_ns: number;
  who: string;
  may_answer: boolean;
  undo_s: number;
  officers: string[];
  deputies: Deputy[];
  questions: Question[];
  answered: Answered[];
  declared: Declared[];
  emergency: Emergency[];
  agreements: Pact[];
}

/** What a partner would get of an item now. */
export interface AsPartner extends Terms {
  recipient: string;
  via: string | null;
  kept: string | null;
  outcome: string;
  reasons: string[];
  held: Plain | null;
  would_leave: { item: Plain } | null;
  before: Shown | null;
  after: Shown | null;
  moved_m: number | null;
}

export interface Asked {
  request: { item_id: string; about: { item_id: string }[]; onward_to: string | null; deadline_ns: number | null; label: { originator: string } };
  state: 'waiting' | 'granted' | 'refused' | 'lapsed';
  said: string;
}

export type Plain = { readonly [name: string]: unknown };

export interface Field {
  /** Where it stands in the item, such as `state.position_mm`. */
  path: string;
  before: string;
  after: string;
  changed: boolean;
}

const NUMBERS_SHOWN = 3;
const NONE = '–';

/** Every field of an item and of its copy, side by side, in the item's own order. */
export function fieldsOf(held: unknown, leaving: unknown, path = ''): Field[] {
  if (isPlain(held) || isPlain(leaving)) {
    const [one, other] = [isPlain(held) ? held : {}, isPlain(leaving) ? leaving : {}];
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((name) =>
      fieldsOf(one[name], other[name], path ? `${path}.${name}` : name),
    );
  }
  const changed = JSON.stringify(held ?? null) !== JSON.stringify(leaving ?? null);
  const [before, after] = [fieldText(held, path), fieldText(leaving, path)];
  return before === NONE && after === NONE && !changed ? [] : [{ path, before, after, changed }];
}

const isPlain = (value: unknown): value is Plain =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** A value as an officer reads it: instants as instants, millimetres as metres, long lists as their length. */
export function fieldText(value: unknown, path = ''): string {
  if (value === null || value === undefined || value === '') {
    return NONE;
  }
  if (Array.isArray(value)) {
    return listText(value, path);
  }
  if (typeof value === 'number') {
    return numberText(value, path);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function listText(value: readonly unknown[], path: string): string {
  if (value.length === 0) {
    return NONE;
  }
  const simple = value.every((one) => typeof one !== 'object' || one === null);
  return simple && value.length <= NUMBERS_SHOWN
    ? value.map((one) => fieldText(one, path)).join(', ')
    : `× ${value.length}`;
}

function numberText(value: number, path: string): string {
  if (path.endsWith('_ns')) {
    return new Date(value / 1e6).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z');
  }
  const units: readonly [string, number, string][] = [
    ['_mm_per_s', 1000, 'm/s'],
    ['_mm', 1000, 'm'],
    ['_m', 1, 'm'],
    ['_ms', 1000, 's'],
    ['_1e7deg', 1e7, '°'],
    ['_mdeg', 1000, '°'],
    ['_ppm', 10_000, '%'],
  ];
  const unit = units.find(([ending]) => path.endsWith(ending));
  return unit ? `${Number((value / unit[1]).toFixed(5))} ${unit[2]}` : String(value);
}

/** The name of a field without what stands before it: words are by that. */
export const leafOf = (path: string): string => path.split('.').at(-1) ?? path;

/** Questions as an officer takes them: whose time passes first. */
export const soonestFirst = (questions: readonly Question[]): Question[] =>
  [...questions].sort((one, other) => one.deadline_ns - other.deadline_ns);

/** What leaves to whom if this officer says yes, in words, before anything is done. */
export function confirmation(question: Question, valid_s: number, own: string): Sentence[] {
  const { recipient, via, item, needed, approved_by } = question;
  const values: Record<string, Value> = { party: party(recipient), item: item.item_id, version: item.version };
  const others = approved_by.filter((code) => code !== own).length;
  const told: Sentence[] = [
    via
      ? { key: 'desk.confirm.via', values: { ...values, via: party(via) } }
      : { key: 'desk.confirm.give', values },
    { key: 'desk.confirm.form', values: { form: { group: 'form', code: question.form ?? '' } } },
  ];
  told.push(...dutySentences(question.duties));
  if (!isCoarser(question)) {
    told.push({ key: 'desk.confirm.whole', values: {} });
  }
  told.push({ key: 'desk.confirm.subject', values: { subject: question.subject, time: { seconds: valid_s } } });
  const missing = needed - others - 1;
  told.push(
    missing > 0
      ? { key: 'desk.confirm.more', values: { missing } }
      : { key: 'desk.confirm.last', values: {} },
  );
  return told;
}

/** How an answered question stands: what an officer may still do about it. */
export type Standing = 'left' | 'refused' | 'undone' | 'more' | 'held' | 'leaving';

export function standingOf(row: Answered, now_ns: number): Standing {
  if (row.left) {
    return 'left';
  }
  const last = row.said.at(-1);
  if (last?.granted === false) {
    return 'refused';
  }
  if (row.approved_by.length === 0) {
    return 'undone';
  }
  if (row.approved_by.length < row.needed) {
    return 'more';
  }
  return now_ns < row.leaves_ns ? 'held' : 'leaving';
}

/** `kim` of `JPN/kim`. */
export const nameOf = (officer: string): string => officer.split('/').at(-1) ?? officer;
