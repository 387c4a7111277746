/** Numbers and instants as text. Units are always written; digits are the same in every language. */

const SECOND_NS = 1e9;
const TOKYO_AND_SEOUL_AHEAD_S = 9 * 3600;
const METRES_PER_S_PER_KNOT = 1852 / 3600;

const two = (value: number): string => String(value).padStart(2, '0');

/** Degrees, minutes and seconds. Rounded once, to whole seconds, then split: split first, 28.2 reads 28°11′60″. */
export function dms(value_deg: number, positive: string, negative: string, digits: number): string {
  const seconds = Math.round(Math.abs(value_deg) * 3600);
  const degrees = String(Math.floor(seconds / 3600)).padStart(digits, '0');
  const sign = value_deg >= 0 ? positive : negative;
  return `${degrees}°${two(Math.floor(seconds / 60) % 60)}′${two(seconds % 60)}″${sign}`;
}

/** Latitude and longitude. */
export function position(lat: number, lon: number): string {
  return `${dms(lat, 'N', 'S', 2)} ${dms(lon, 'E', 'W', 3)}`;
}

const iso = (instant_ns: number, ahead_s = 0): string =>
  new Date(Math.floor(instant_ns / 1e6) + ahead_s * 1000).toISOString();

/** `02:37:44Z` */
export const utcTime = (instant_ns: number): string => `${iso(instant_ns).slice(11, 19)}Z`;

/** `2009-04-05` */
export const utcDate = (instant_ns: number): string => iso(instant_ns).slice(0, 10);

/** The same instant in Tokyo and Seoul, which share one time without summer time. */
export const localTime = (instant_ns: number): string =>
  iso(instant_ns, TOKYO_AND_SEOUL_AHEAD_S).slice(11, 19);

export const localDate = (instant_ns: number): string =>
  iso(instant_ns, TOKYO_AND_SEOUL_AHEAD_S).slice(0, 10);

/** Seconds from one instant to another. */
export const secondsBetween = (from_ns: number, to_ns: number): number => (to_ns - from_ns) / SECOND_NS;

/** `3:20`, `1:02:05`: minutes and seconds of a length of time, rounded down. */
export function countdown(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export interface Age {
  key: 'age.s' | 'age.min' | 'age.h';
  count: number;
}

/** How old something is, in the largest unit that says enough; the unit is a key of the translations. */
export function ageOf(seconds: number): Age {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) {
    return { key: 'age.s', count: whole };
  }
  return whole < 7200
    ? { key: 'age.min', count: Math.floor(whole / 60) }
    : { key: 'age.h', count: Math.floor(whole / 3600) };
}

/** `310 m`, `1.2 km`, `312 km`: three digits at most. */
export function distance(value_m: number): string {
  const size = Math.abs(value_m);
  if (Math.round(size) < 1000) {
    return `${Math.round(value_m)} m`;
  }
  return `${(value_m / 1000).toFixed(size < 9950 ? 1 : 0)} km`;
}

/** `312 km`: heights of what flies. */
export const height = (value_m: number): string => distance(value_m);

/** `5.2 km/s` of what flies. */
export function speed(value_m_per_s: number): string {
  return value_m_per_s < 1000
    ? `${Math.round(value_m_per_s)} m/s`
    : `${(value_m_per_s / 1000).toFixed(1)} km/s`;
}

/** `12.3 kn` of ships. */
export const knots = (value_m_per_s: number): string =>
  `${(value_m_per_s / METRES_PER_S_PER_KNOT).toFixed(1)} kn`;

/** `20×`, `0.5×` */
export const times = (factor: number): string => `${Number(factor.toFixed(2))}×`;
