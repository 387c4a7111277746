/** What is told of one object, line by line: each a key of the texts with a text, or with a code that has words. */

import { countdown, secondsBetween, utcTime } from './format';
import type { Key } from './i18n';
import { agreementsOf, OWN } from './layers';
import { bearing } from './measure';
import type { Source } from './rows';
import type { Ellipse, Shown, ShownSight } from './types';
import { heightText, lengthText, speedText, type Units } from './units';

export interface Fact {
  key: Key;
  text: string;
  /** Where it is a code: the words for it are the language's. */
  word?: { group: string; code: string };
}

const VERTICAL_SIGMAS = 3;

type Moving = Pick<Shown, 'height_m' | 'speed_m_per_s' | 'course_deg' | 'ellipse' | 'height_sigma_m' | 'domain'>;

/** All that is known of an object, in order; what is not known has no line. */
export function factsOf(source: Source, reference_ns: number, units: Units): Fact[] {
  const what: Shown | ShownSight = 'sight' in source ? source.sight : source.item;
  const facts: Fact[] = [...moving(what, units, 'item' in source && source.item.kind !== 'track')];
  facts.push({ key: 'picture.details.asOf', text: utcTime(what.valid_ns) });
  if (what.stage && what.stage !== 'unknown') {
    facts.push({ key: 'picture.details.stage', text: '', word: { group: 'stage', code: what.stage } });
  }
  return 'sight' in source
    ? [...facts, { key: 'picture.by', text: [...source.sight.sources].sort().join('+') }]
    : [...facts, ...ofItem(source.item, reference_ns)];
}

function moving(what: Moving, units: Units, isRegion: boolean): Fact[] {
  const facts: Fact[] = [];
  const afloat = what.domain === 'maritime';
  if (what.height_m != null && !afloat) {
    facts.push({ key: 'picture.details.height', text: heightText(what.height_m, units) });
  }
  if (what.speed_m_per_s != null) {
    facts.push({ key: 'picture.details.speed', text: speedText(what.speed_m_per_s, afloat, units) });
  }
  if (what.course_deg != null) {
    facts.push({ key: 'picture.details.course', text: bearing(what.course_deg) });
  }
  const climb = (what as Shown).climb_m_per_s;
  if (climb != null) {
    facts.push({ key: 'picture.details.climb', text: `${climb < 0 ? '−' : '+'}${speedText(Math.abs(climb), false, units)}` });
  }
  if (what.ellipse) {
    facts.push(sigma(what.ellipse, isRegion ? null : (what.height_sigma_m ?? null), isRegion, units));
  }
  return facts;
}

function sigma(ellipse: Ellipse, height_sigma_m: number | null, isRegion: boolean, units: Units): Fact {
  const parts = [lengthText(ellipse.semi_major_m, units), lengthText(ellipse.semi_minor_m, units)];
  if (height_sigma_m !== null) {
    parts.push(lengthText(VERTICAL_SIGMAS * height_sigma_m, units));
  }
  return { key: isRegion ? 'picture.details.region' : 'picture.details.sigma', text: parts.join(' × ') };
}

function ofItem(item: Shown, reference_ns: number): Fact[] {
  const facts: Fact[] = [];
  if (item.expected_ns != null) {
    const left_s = secondsBetween(reference_ns, item.expected_ns);
    facts.push(
      { key: 'picture.details.expected', text: utcTime(item.expected_ns) },
      { key: left_s >= 0 ? 'picture.details.left' : 'picture.details.past', text: countdown(left_s) },
    );
  }
  if (item.form) {
    facts.push({ key: 'picture.details.form', text: '', word: { group: 'form', code: item.form } });
  }
  facts.push({ key: 'picture.details.marking', text: item.marking });
  if (item.sender !== null) {
    facts.push({ key: 'picture.details.from', text: item.sender });
  }
  const under = agreementsOf(item).filter((name) => name !== OWN);
  if (under.length > 0) {
    facts.push({ key: 'picture.details.under', text: under.join(', ') });
  }
  facts.push({ key: 'picture.details.id', text: `${item.id} v${item.version}` });
  return facts;
}
