/** Finding an object by what a person would type: name, number, id, who made it; or a place by its coordinates. */

import { readPlace, type LatLon } from './coordinates';
import type { Pane } from './picture';
import { idOf, sourcesOf, type Source } from './rows';
import type { Names } from './types';

export interface Found {
  /** Of an object; null for a place. */
  id: string | null;
  text: string;
  place: LatLon | null;
}

export interface NamedPlace extends LatLon {
  names: Names;
}

export const FOUND_MAX = 12;

const fold = (text: string): string => text.normalize('NFKC').toLocaleLowerCase('en');

function wordsOf(source: Source): string[] {
  if ('sight' in source) {
    return [source.sight.key, source.sight.sources.join('+'), source.sight.stage ?? ''];
  }
  const { item } = source;
  return [item.name ?? '', item.mmsi ?? '', item.id, item.subject, item.originator, item.stage ?? ''];
}

const placeOf = (source: Source): LatLon | null => {
  const { lat, lon } = 'sight' in source ? source.sight : source.item;
  return lat == null || lon == null ? null : { lat, lon };
};

const textOf = (source: Source): string =>
  'sight' in source
    ? `${source.sight.sources.join('+')} · ${source.sight.key}`
    : `${source.item.originator} · ${source.item.name || source.item.mmsi || source.item.subject}`;

/** 0 the same, 1 begins so, 2 has it; null not at all. Each word of the query must be somewhere. */
function rank(words: readonly string[], parts: readonly string[]): number | null {
  const whole = parts.join(' ');
  if (words.includes(whole)) {
    return 0;
  }
  if (!parts.every((part) => words.some((word) => word.includes(part)))) {
    return null;
  }
  return words.some((word) => word.startsWith(whole)) ? 1 : 2;
}

/** What matches, best first: a place typed as coordinates, then objects and named places. */
export function found(query: string, pane: Pane, places: readonly NamedPlace[] = []): Found[] {
  const parts = fold(query).split(/\s+/).filter(Boolean);
  if (parts.length === 0) {
    return [];
  }
  const typed = readPlace(query);
  const first: Found[] = typed ? [{ id: null, text: query.trim(), place: typed }] : [];
  const ranked: { rank: number; found: Found }[] = [];
  for (const source of sourcesOf(pane)) {
    const best = rank(wordsOf(source).map(fold), parts);
    if (best !== null) {
      ranked.push({ rank: best, found: { id: idOf(source), text: textOf(source), place: placeOf(source) } });
    }
  }
  for (const { names, lat, lon } of places) {
    const best = rank(Object.values(names).map(fold), parts);
    if (best !== null) {
      ranked.push({ rank: best, found: { id: null, text: names.en, place: { lat, lon } } });
    }
  }
  ranked.sort((one, other) => one.rank - other.rank);
  return [...first, ...ranked.map((entry) => entry.found)].slice(0, FOUND_MAX);
}
