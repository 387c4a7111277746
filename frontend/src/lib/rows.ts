/** The objects of a pane as lines of its table: the same as on the map, in words. */

import { secondsBetween } from './format';
import { sightTrail, type Pane } from './picture';
import { isStale } from './stale';
import type { Names, Shown, ShownSight } from './types';

export type Source = { sight: ShownSight } | { item: Shown };

export interface Row {
  id: string;
  /** Who made it; for a fused object its sources, who announces it first, joined by a plus. */
  originator: string;
  codes: readonly string[];
  kind: string;
  /** It floats: no height, and its speed in knots. */
  afloat: boolean;
  subject: string;
  /** Of a watch area: what it is called. */
  names: Names | null;
  /** A word of its own: stage, sort of event or area. */
  sort: { group: string; code: string } | null;
  height_m: number | null;
  speed_m_per_s: number | null;
  sigma_m: number | null;
  age_s: number;
  stale: boolean;
  /** Null: the party's own, or fused by it. */
  sender: string | null;
  form: string | null;
  confirmed: boolean;
}

const ORDER = ['track', 'area', 'event'];

/**
 * What has a row, in order: fused objects, tracks, areas, events, the rest; then ships, first those that
 * several told of. Warnings have a strip of their own.
 */
export function sourcesOf(pane: Pane): Source[] {
  const sights: Source[] = [];
  const shared: Source[] = [];
  for (const sight of pane.sights.values()) {
    if (sight.domain !== 'maritime') {
      sights.push({ sight });
    } else if (sight.sources.length > 1) {
      shared.push({ sight });
    }
  }
  const vessels: Source[] = [];
  const others: Shown[] = [];
  for (const item of pane.items.values()) {
    if (item.kind === 'vessel') {
      vessels.push({ item });
    } else if (item.kind !== 'warning') {
      others.push(item);
    }
  }
  others.sort(
    (one, other) =>
      rank(one) - rank(other) ||
      compared(one.originator, other.originator) ||
      compared(one.id, other.id),
  );
  return [...sights, ...others.map((item) => ({ item })), ...shared, ...vessels];
}

/** By code points: for names of a few letters as good as a language's own order, and ten times as fast. */
const compared = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Kinds outside the order come after it. */
function rank({ kind }: Shown): number {
  const place = ORDER.indexOf(kind);
  return place < 0 ? ORDER.length : place;
}

export const idOf = (source: Source): string =>
  'sight' in source ? sightTrail(source.sight.key) : source.item.id;

/** One line, as of an instant. */
export function rowOf(source: Source, reference_ns: number): Row {
  return 'sight' in source ? sightRow(source.sight, reference_ns) : itemRow(source.item, reference_ns);
}

function sightRow(sight: ShownSight, reference_ns: number): Row {
  const age_s = secondsBetween(sight.valid_ns, reference_ns);
  // Who announces it comes first.
  const codes = [...sight.sources].sort(
    (one, other) => Number(other === sight.speaker) - Number(one === sight.speaker) || one.localeCompare(other),
  );
  return {
    id: sightTrail(sight.key),
    originator: codes.join('+'),
    codes,
    kind: 'sight',
    afloat: sight.domain === 'maritime',
    subject: sight.key,
    names: null,
    sort: sight.stage ? { group: 'stage', code: sight.stage } : null,
    height_m: sight.height_m,
    speed_m_per_s: sight.speed_m_per_s,
    sigma_m: sight.ellipse?.semi_major_m ?? null,
    age_s,
    stale: isStale({ kind: 'sight', domain: sight.domain }, age_s),
    sender: null,
    form: null,
    confirmed: sight.confirmed,
  };
}

function sortOf(item: Shown): Row['sort'] {
  if (item.kind === 'event' && item.event) {
    return { group: 'event', code: item.event };
  }
  if (item.kind === 'disagreement' && item.disagreement) {
    return { group: 'disagreement', code: item.disagreement };
  }
  if (item.kind === 'area' && item.area) {
    return { group: 'area', code: item.area };
  }
  return item.stage ? { group: 'stage', code: item.stage } : null;
}

function itemRow(item: Shown, reference_ns: number): Row {
  const age_s = secondsBetween(item.valid_ns, reference_ns);
  return {
    id: item.id,
    originator: item.originator,
    codes: [item.originator],
    kind: item.kind,
    afloat: item.domain === 'maritime',
    subject: item.name || item.mmsi || item.subject,
    names: item.names ?? null,
    sort: sortOf(item),
    height_m: item.height_m ?? null,
    speed_m_per_s: item.speed_m_per_s ?? null,
    sigma_m: item.ellipse?.semi_major_m ?? null,
    age_s,
    stale: isStale(item, age_s),
    sender: item.sender,
    form: item.form,
    confirmed: true,
  };
}
