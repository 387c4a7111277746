/** Instants as people write and paste them; UTC where nothing else is said. */

const MS_NS = 1e6;
const DAY_MS = 86_400_000;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
/** The years that the node takes. */
const MIN_MS = 0;
const MAX_MS = Date.UTC(2200, 0, 1);
const LENGTH_MAX = 60;

const ZONE = String.raw`\s*(Z|UTC|GMT|JST|KST|[+-]\d{2}:?\d{2})?`;
const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
const WRITTEN = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:T|\s+)${CLOCK}${ZONE}$`);
const PACKED = new RegExp(String.raw`^(\d{4})(\d{2})(\d{2})T?(\d{2})(\d{2})(\d{2})?${ZONE}$`);
/** A date-time group: `050234Z APR 09`, `050234ZAPR2009`; I is the zone of Tokyo and Seoul. */
const GROUP = /^(\d{2})(\d{2})(\d{2})\s*([ZI])\s*([A-Z]{3})\s*(\d{4}|\d{2})$/;
const OF_DAY = new RegExp(String.raw`^${CLOCK}${ZONE}$`);
const DIGITS = /^\d{10}$|^\d{13}$|^\d{16}$|^\d{19}$/;

/** How far a zone is ahead of UTC, milliseconds; null for one that cannot be. */
function aheadOf(zone: string | undefined): number | null {
  if (zone === undefined || ['Z', 'UTC', 'GMT'].includes(zone)) {
    return 0;
  }
  if (['JST', 'KST', 'I'].includes(zone)) {
    return 9 * 3_600_000;
  }
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 14 || minutes > 59) {
    return null;
  }
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Milliseconds of a date and a time of day; null where there is no such day or time. */
function msOf(date: readonly number[], clock: readonly (string | undefined)[], ahead_ms: number | null): number | null {
  const [year = 0, month = 0, day = 0] = date;
  const [hour, minute, second] = [0, 1, 2].map((place) => Number(clock[place] ?? 0)) as [number, number, number];
  const begin = new Date(Date.UTC(year, month - 1, day));
  const isDay = begin.getUTCFullYear() === year && begin.getUTCMonth() === month - 1 && begin.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59 || ahead_ms === null) {
    return null;
  }
  const fraction_ms = clock[3] === undefined ? 0 : Math.floor(Number(`0.${clock[3]}`) * 1_000);
  return begin.getTime() + ((hour * 60 + minute) * 60 + second) * 1_000 + fraction_ms - ahead_ms;
}

function msOfText(text: string, near_ms: number): number | null {
  let found = WRITTEN.exec(text);
  if (found) {
    return msOf(found.slice(1, 4).map(Number), found.slice(4, 8), aheadOf(found[8]));
  }
  if (DIGITS.test(text)) {
    return Number(text) * { 10: 1e3, 13: 1, 16: 1e-3, 19: 1e-6 }[text.length]!;
  }
  found = PACKED.exec(text);
  if (found) {
    return msOf(found.slice(1, 4).map(Number), found.slice(4, 7), aheadOf(found[7]));
  }
  found = GROUP.exec(text);
  if (found) {
    const [, day, hour, minute, zone, month = '', year = ''] = found;
    const date = [Number(year) + (year.length === 2 ? 2_000 : 0), MONTHS.indexOf(month) + 1, Number(day)];
    return msOf(date, [hour, minute], aheadOf(zone));
  }
  found = OF_DAY.exec(text);
  return found ? nearest(found.slice(1, 5), aheadOf(found[5]), near_ms) : null;
}

/** A time of day, on the day on which it is nearest to another instant. */
function nearest(clock: readonly (string | undefined)[], ahead_ms: number | null, near_ms: number): number | null {
  const day = new Date(near_ms);
  const date = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate()];
  const same_ms = msOf(date, clock, ahead_ms);
  if (same_ms === null) {
    return null;
  }
  const days = [-2, -1, 0, 1, 2].map((count) => same_ms + count * DAY_MS);
  return days.reduce((best, one) => (Math.abs(one - near_ms) < Math.abs(best - near_ms) ? one : best));
}

/**
 * The instant in a text, UTC nanoseconds; null where it is none. A time of day alone is meant on the day
 * nearest to `near_ns`. Takes what logs, messages and people write: `2009-04-05T02:34:10Z`,
 * `2009-04-05 11:34:10+09:00`, `20090405T023410Z`, `050234Z APR 09`, `02:34:10`, and seconds, milli-, micro- or
 * nanoseconds since 1970.
 */
export function instantIn(text: string, near_ns: number): number | null {
  const trimmed = text.trim().toUpperCase().replace(/\s+/g, ' ');
  const ms = trimmed.length > LENGTH_MAX ? null : msOfText(trimmed, near_ns / MS_NS);
  return ms === null || !(ms >= MIN_MS && ms < MAX_MS) ? null : Math.floor(ms) * MS_NS;
}

/** The digits of an instant as a node takes them: whole milliseconds, exactly. */
export const digitsOf = (at_ns: number): string => (BigInt(Math.floor(at_ns / MS_NS)) * 1_000_000n).toString();
