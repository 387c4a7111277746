/** Coordinates as text, in three ways, and back: degrees with minutes and seconds, decimal degrees, MGRS. */

import { forward, toPoint } from 'mgrs';
import { position } from './format';

export type Way = 'dms' | 'decimal' | 'mgrs';
export const WAYS: readonly Way[] = ['dms', 'decimal', 'mgrs'];

export interface LatLon {
  lat: number;
  lon: number;
}

/** Beyond these latitudes the grid is another one (UPS), which is not written here. */
const MGRS_LAT_MIN = -80;
const MGRS_LAT_MAX = 84;
/** A square of 10 m: no track of this system is better known. */
const MGRS_DIGITS = 4;

const inHalfTurn = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180;

/** `39.90512 139.70021`: five digits, about a metre. */
export const decimal = (lat: number, lon: number): string => `${lat.toFixed(5)} ${lon.toFixed(5)}`;

/** `54S TF 1234 5678`, spaced for reading; null near a pole, where MGRS is another grid. */
export function mgrs(lat: number, lon: number): string | null {
  if (lat < MGRS_LAT_MIN || lat > MGRS_LAT_MAX) {
    return null;
  }
  const plain = forward([inHalfTurn(lon), lat], MGRS_DIGITS);
  const digits = 2 * MGRS_DIGITS;
  const [zone, square] = [plain.slice(0, -digits - 2), plain.slice(-digits - 2, -digits)];
  return `${zone} ${square} ${plain.slice(-digits, -MGRS_DIGITS)} ${plain.slice(-MGRS_DIGITS)}`;
}

/** A place in the way chosen; near a pole degrees take the place of MGRS. */
export function placeText({ lat, lon }: LatLon, way: Way): string {
  if (way === 'decimal') {
    return decimal(lat, lon);
  }
  return (way === 'mgrs' && mgrs(lat, lon)) || position(lat, lon);
}

const DMS_PART = /(\d+(?:\.\d+)?)\s*°\s*(?:(\d+(?:\.\d+)?)\s*[′'’]\s*)?(?:(\d+(?:\.\d+)?)\s*(?:″|"|”|''|′′)\s*)?([NSEW])/giy;
const DECIMAL = /^([+-]?\d+(?:\.\d+)?)\s*°?\s*([NS])?\s*[,;\s]\s*([+-]?\d+(?:\.\d+)?)\s*°?\s*([EW])?$/i;
const MGRS = /^\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V](\d\d|\d{4}|\d{6}|\d{8}|\d{10})?$/i;

const within = (lat: number, lon: number): LatLon | null =>
  Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;

/** A place that somebody typed or pasted, in any of the three ways; null where it is none. */
export function readPlace(text: string): LatLon | null {
  const plain = text.trim();
  return readDecimal(plain) ?? readDms(plain) ?? readMgrs(plain);
}

function readDecimal(text: string): LatLon | null {
  const found = DECIMAL.exec(text);
  if (!found) {
    return null;
  }
  const [, lat, ns, lon, ew] = found;
  // A sign and a letter would say it twice, and not always the same.
  if ((ns && /^[+-]/.test(lat)) || (ew && /^[+-]/.test(lon)) || Boolean(ns) !== Boolean(ew)) {
    return null;
  }
  return within(
    Number(lat) * (ns?.toUpperCase() === 'S' ? -1 : 1),
    Number(lon) * (ew?.toUpperCase() === 'W' ? -1 : 1),
  );
}

function readDms(text: string): LatLon | null {
  const parts: [number, string][] = [];
  DMS_PART.lastIndex = 0;
  let rest = text;
  for (let found = DMS_PART.exec(rest); found; found = DMS_PART.exec(rest)) {
    const [whole, degrees, minutes = '0', seconds = '0', side] = found;
    if (Number(minutes) >= 60 || Number(seconds) >= 60) {
      return null;
    }
    parts.push([Number(degrees) + Number(minutes) / 60 + Number(seconds) / 3600, side.toUpperCase()]);
    rest = rest.slice(whole.length).replace(/^[,;\s]+/, '');
    DMS_PART.lastIndex = 0;
  }
  if (rest !== '' || parts.length !== 2 || !'NS'.includes(parts[0][1]) || !'EW'.includes(parts[1][1])) {
    return null;
  }
  const [[lat, ns], [lon, ew]] = parts;
  return within(ns === 'S' ? -lat : lat, ew === 'W' ? -lon : lon);
}

function readMgrs(text: string): LatLon | null {
  const plain = text.replace(/\s+/g, '');
  if (!MGRS.test(plain)) {
    return null;
  }
  try {
    const [lon, lat] = toPoint(plain.toUpperCase());
    return Number.isFinite(lat) && Number.isFinite(lon) ? within(lat, lon) : null;
  } catch {
    // The letters name no square of this zone.
    return null;
  }
}
