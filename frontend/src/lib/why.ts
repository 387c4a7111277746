/**
 * Why an item is what it is to who looks at it: what `GET /why` answers, as sentences.
 *
 * A sentence is a key of the texts with values; values that have words of their own say of which group they
 * are, so that every language says them itself. Nothing here is free text but names that people gave.
 */

import type { Key } from './i18n';
import type { Shown } from './types';

export interface Clause {
  name: string;
  agreement: string | null;
  version: number | null;
  title: string;
  article: string;
  /** Its lines in each language; null where the own agreements do not hold it. */
  text: Readonly<Record<'en' | 'ja' | 'ko', string[]>> | null;
}

export type Duties = Readonly<Record<string, number | string | boolean | string[]>>;

export interface Terms {
  clauses: Clause[];
  form: string | null;
  duties: Duties;
}

export interface Given extends Terms {
  sender: string;
  via: string | null;
  purpose: string;
  decided_ns: number;
  received_ns: number;
  entry: number;
  expires_ns: number | null;
  approved_by: string[];
}

export interface Got extends Terms {
  version: number;
  told: { item_id: string; version: number };
  at_ns: number;
  entry: number;
  acknowledged: boolean;
}

export interface Waits {
  question: string;
  needed: number;
  approved_by: string[];
  asked_ns: number;
  deadline_ns: number;
}

/** What one partner gets of an own item, or does not. */
export interface Other extends Terms {
  recipient: string;
  via: string | null;
  number: number | null;
  at_ns: number;
  outcome: 'permit' | 'withhold' | 'refer';
  reasons: string[];
  officers: string[];
  waits: Waits | null;
  leaves_ns: number | null;
  got: Got | null;
  copy: Shown | null;
  moved_m: number | null;
}

/** Where an item comes from and what let it in. */
export interface WhySource {
  at_ns: number;
  item: Shown;
  own: boolean;
  made_ns: number;
  received_under: string[];
  for_me: Terms;
  given: Given | null;
}

/** Of an own item also who else sees it. */
export interface Why extends WhySource {
  kept: string | null;
  others: Other[];
  names: string[];
}

/** Which items a fused object rests on, as far as the staff may see them. */
export interface WhySight {
  at_ns: number;
  key: string;
  sources: WhySource[];
}

/** A value of a sentence: text as it is, or one that each language says in its own way. */
export type Value =
  | string
  | number
  | { group: 'party' | 'form' | 'reason' | 'kind' | 'attribution' | 'field'; code: string }
  | { instant: number }
  | { metres: number }
  | { seconds: number }
  | { list: Value[] };

export interface Sentence {
  key: Key;
  values: Readonly<Record<string, Value>>;
}

const say = (key: Key, values: Readonly<Record<string, Value>> = {}): Sentence => ({ key, values });
export const party = (code: string): Value => ({ group: 'party', code });
export const parties = (codes: readonly string[]): Value => ({ list: codes.map(party) });
const instant = (at_ns: number): Value => ({ instant: at_ns });
const form = (code: string): Value => ({ group: 'form', code });

/** Who made it, who gave it, when. */
export function origin({ item, given, own, made_ns, received_under }: WhySource): Sentence[] {
  const made = { party: party(item.originator), time: instant(made_ns) };
  const others = item.originators.filter((code) => code !== item.originator);
  const told: Sentence[] = [];
  if (own) {
    told.push(others.length ? say('why.from.fused', { ...made, parties: parties(others) }) : say('why.from.own', made));
  } else if (given) {
    const came = { ...made, sender: party(given.sender), received: instant(given.received_ns), entry: given.entry };
    told.push(given.sender === item.originator ? say('why.from.given', came) : say('why.from.passed', came));
    if (others.length) {
      told.push(say('why.from.others', { parties: parties(others) }));
    }
  }
  if (received_under.length) {
    told.push(say('why.from.under', { agreements: { list: received_under } }));
  }
  told.push(say('why.valid', { time: instant(item.valid_ns) }));
  return told;
}

/** By which rule, or by whom, it was let in; of an own item nothing had to let it in. */
export function letIn({ given }: Pick<WhySource, 'given'>): Sentence[] {
  if (!given) {
    return [say('why.in.own')];
  }
  const told = [
    say(given.via ? 'why.in.decided.via' : 'why.in.decided', {
      party: party(given.sender),
      time: instant(given.decided_ns),
      purpose: given.purpose,
      ...(given.via ? { via: party(given.via) } : {}),
    }),
  ];
  told.push(given.approved_by.length ? say('why.by.person', { officers: { list: given.approved_by } }) : say('why.by.rule'));
  if (given.expires_ns !== null) {
    told.push(say('why.in.expires', { time: instant(given.expires_ns) }));
  }
  return told;
}

/** Of each source of a fused object the item that tells of it now; null of one that no item here names. */
export function bySource(sources: readonly string[], told: readonly WhySource[]): { code: string; source: WhySource | null }[] {
  const items = new Map(told.map((source) => [source.item.originators[0] ?? source.item.originator, source]));
  return [...sources].sort().map((code) => ({ code, source: items.get(code) ?? null }));
}

/** What is said of a source beside its clauses: where its item comes from, what let it in, and how it was given. */
export function sourceSentences(code: string, source: WhySource | null, here: string): Sentence[] {
  if (source) {
    return [...origin(source), ...letIn(source), ...givenAs(source)];
  }
  return [say(code === here ? 'why.sight.own' : 'why.sight.earlier', { party: party(code) })];
}

/** In words, what each duty takes away, and what that does to where and when, in metres and seconds. */
export function dutySentences(duties: Duties): Sentence[] {
  const told: Sentence[] = [];
  const number = (name: string): number => Number(duties[name] ?? 0);
  const put = (name: string, values: Readonly<Record<string, Value>>): void => {
    if (asks(duties[name])) {
      told.push(say(`why.duty.${name}` as Key, values));
    }
  };
  put('delay_s', { seconds: { seconds: number('delay_s') } });
  put('thin_s', { seconds: { seconds: number('thin_s') } });
  put('span_s', { seconds: { seconds: number('span_s') } });
  put('round_position_m', {
    metres: { metres: number('round_position_m') },
    // Anywhere in a cell: half of its side along each axis.
    off: { metres: number('round_position_m') / 2 },
  });
  put('round_velocity_m_per_s', { speed: number('round_velocity_m_per_s') });
  put('round_time_s', { seconds: { seconds: number('round_time_s') } });
  put('cover_m', { metres: { metres: number('cover_m') }, off: { metres: 3 * number('cover_m') } });
  put('cover_epoch_s', { seconds: { seconds: number('cover_epoch_s') } });
  put('sigma_class_m', { metres: { metres: number('sigma_class_m') } });
  put('tear_line', {});
  put('strip', { fields: { list: listOf(duties.strip).map((code) => ({ group: 'field', code }) as Value) } });
  put('attribution', { attribution: { group: 'attribution', code: String(duties.attribution) } });
  put('expire_s', { seconds: { seconds: number('expire_s') } });
  put('mark', { marks: { list: listOf(duties.mark) } });
  put('return_or_destroy', {});
  return told;
}

const asks = (value: Duties[string] | undefined): boolean =>
  Array.isArray(value) ? value.length > 0 : Boolean(value);

const listOf = (value: Duties[string] | undefined): string[] => (Array.isArray(value) ? value : []);

/** Duties that make a copy worse, and not only bind who has it. */
const WORSE = ['delay_s', 'thin_s', 'span_s', 'round_position_m', 'round_velocity_m_per_s', 'round_time_s', 'cover_m', 'sigma_class_m', 'strip', 'attribution'];
const WHOLE_FORMS = ['measurements', 'tracklets', 'tracks'];

/** Whether a copy tells less than there is. */
export const isCoarser = ({ form: code, duties }: Terms): boolean =>
  (code !== null && !WHOLE_FORMS.includes(code) && code !== 'areas') || WORSE.some((name) => asks(duties[name]));

/** How far off it may be, as it stands. */
export function accuracy(item: Shown): Sentence[] {
  const told: Sentence[] = [];
  if (item.ellipse) {
    const key = item.kind === 'track' ? 'why.accuracy.track' : 'why.accuracy.area';
    told.push(say(key, { major: { metres: item.ellipse.semi_major_m }, minor: { metres: item.ellipse.semi_minor_m } }));
  }
  if (item.height_sigma_m) {
    told.push(say('why.accuracy.height', { metres: { metres: 3 * item.height_sigma_m } }));
  }
  if (item.time_sigma_ms) {
    told.push(say('why.accuracy.time', { seconds: { seconds: (3 * item.time_sigma_ms) / 1000 } }));
  }
  return told;
}

/** In which form, and with what taken away, its giver gave it. */
function givenAs({ given }: Pick<WhySource, 'given'>): Sentence[] {
  if (!given) {
    return [];
  }
  const giver = party(given.sender);
  return [
    say('why.form', { party: giver, form: form(given.form ?? '') }),
    ...dutySentences(given.duties),
    ...(isCoarser(given) ? [] : [say('why.full', { party: giver })]),
  ];
}

/** How it was degraded on its way to who looks: by its giver, then inside the own house. */
export function degraded({ item, given, for_me }: WhySource): Sentence[] {
  const told = givenAs({ given });
  const inside = dutySentences(for_me.duties);
  if (inside.length) {
    told.push(say('why.inside'), ...inside);
  }
  return [...told, ...accuracy(item)];
}

/** What a partner gets of an own item, in which form, or why not. */
export function otherSentences(other: Other, item: Shown): Sentence[] {
  const told: Sentence[] = [];
  const who = party(other.recipient);
  if (other.via) {
    told.push(say('why.other.via', { party: who, via: party(other.via) }));
  }
  if (other.outcome === 'permit') {
    told.push(say('why.other.permit', { party: who, form: form(other.form ?? '') }));
  } else if (other.outcome === 'refer') {
    told.push(say('why.other.refer', { party: who }));
  } else {
    told.push(say('why.other.withhold', { party: who }));
  }
  told.push(...other.reasons.map((code) => say('why.other.reason', { reason: { group: 'reason', code }, code })));
  told.push(...waitingSentences(other));
  if (other.got) {
    const key = other.got.acknowledged ? 'why.other.has' : 'why.other.sent';
    told.push(say(key, { party: who, version: other.got.version, time: instant(other.got.at_ns), entry: other.got.entry }));
  } else if (other.outcome === 'permit') {
    told.push(other.leaves_ns === null ? say('why.other.notYet') : say('why.other.leaves', { time: instant(other.leaves_ns) }));
  }
  told.push(...dutySentences(other.duties), ...comparison(other, item));
  if (other.officers.length) {
    told.push(say('why.by.person', { officers: { list: other.officers } }));
  } else if (other.outcome !== 'refer') {
    told.push(say('why.by.rule'));
  }
  told.push(
    other.number === null
      ? say('why.decision.now', { time: instant(other.at_ns) })
      : say('why.decision', { number: other.number, time: instant(other.at_ns) }),
  );
  return told;
}

function waitingSentences({ waits, outcome }: Other): Sentence[] {
  if (waits) {
    const missing = Math.max(0, waits.needed - waits.approved_by.length);
    return [
      say('why.waits', { missing, needed: waits.needed, time: instant(waits.deadline_ns) }),
      ...(waits.approved_by.length ? [say('why.waits.by', { officers: { list: waits.approved_by } })] : []),
    ];
  }
  return outcome === 'refer' ? [say('why.waits.unasked')] : [];
}

/** What degrading does to accuracy, before and after, where both are known here. */
export function comparison({ copy, moved_m }: Pick<Other, 'copy' | 'moved_m'>, item: Shown): Sentence[] {
  if (!copy) {
    return [];
  }
  const told: Sentence[] = [];
  if (item.ellipse && copy.ellipse) {
    told.push(
      say('why.compare.place', {
        before: { metres: item.ellipse.semi_major_m },
        after: { metres: copy.ellipse.semi_major_m },
      }),
    );
  } else if (item.lat != null && copy.lat == null) {
    told.push(say('why.compare.noPlace'));
  }
  if (moved_m) {
    told.push(say('why.compare.moved', { metres: { metres: moved_m } }));
  }
  const older_s = (item.valid_ns - copy.valid_ns) / 1e9;
  if (Math.abs(older_s) >= 0.5) {
    told.push(say('why.compare.time', { seconds: { seconds: older_s } }));
  }
  return told;
}

/** Every clause that an answer names, each once. */
export function clausesOf({ given, others }: Why): Clause[] {
  const all = [...(given?.clauses ?? []), ...others.flatMap(({ clauses, got }) => [...clauses, ...(got?.clauses ?? [])])];
  return [...new Map(all.map((clause) => [clause.name, clause])).values()];
}
