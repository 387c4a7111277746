/**
 * A place on the page as part of its address, so that a link opens the same moment: room, party, selection,
 * instant, layers and filters, and nothing secret. Parameters of others, such as the language, are left alone.
 */

export interface Placed {
  room: string;
  party: string;
  selected: string | null;
  /** Null: live. Else the instant, UTC nanoseconds, at which what was known then is looked at. */
  at_ns: number | null;
  view: Readonly<Record<string, string>>;
}

const VIEW = 'v.';
const OWN = ['room', 'party', 'sel', 'at'];
/** Longer ones are nobody's: an address is also written by others. */
const VALUE_MAX = 200;
const VIEWS_MAX = 40;

/** `2009-04-05T02:34:10.000Z` of an instant in nanoseconds. */
export const instantText = (at_ns: number): string => new Date(Math.floor(at_ns / 1e6)).toISOString();

/** An instant of text with its zone, in nanoseconds; null where it is none. */
export function instantOf(text: string): number | null {
  const wanted = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const at_ms = wanted ? Date.parse(text) : NaN;
  return Number.isNaN(at_ms) ? null : at_ms * 1e6;
}

/** The place that an address names. */
export function placeOf(search: string): Placed {
  const said = new URLSearchParams(search);
  const value = (name: string): string => (said.get(name) ?? '').slice(0, VALUE_MAX);
  const views = [...said]
    .filter(([name, text]) => name.startsWith(VIEW) && name.length > VIEW.length && text.length <= VALUE_MAX)
    .slice(0, VIEWS_MAX)
    .map(([name, text]) => [name.slice(VIEW.length), text]);
  return {
    room: value('room'),
    party: value('party'),
    selected: value('sel') || null,
    at_ns: instantOf(value('at')),
    view: Object.fromEntries(views) as Record<string, string>,
  };
}

/** The address of a place: what was there of others stays, what is empty is left out. */
export function addressOf(search: string, place: Placed): string {
  const said = new URLSearchParams(search);
  for (const name of [...said.keys()]) {
    if (OWN.includes(name) || name.startsWith(VIEW)) {
      said.delete(name);
    }
  }
  const own: [string, string][] = [
    ['room', place.room],
    ['party', place.party],
    ['sel', place.selected ?? ''],
    ['at', place.at_ns === null ? '' : instantText(place.at_ns)],
    ...Object.entries(place.view)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([name, text]): [string, string] => [VIEW + name, text]),
  ];
  own.filter(([, text]) => text !== '').forEach(([name, text]) => said.set(name, text));
  const text = said.toString();
  return text && `?${text}`;
}
