/** Lengths, heights and speeds in the units that the user chose; the unit is always written. */

import { distance, knots, speed } from './format';

export type LengthUnit = 'km' | 'nm';
export type HeightUnit = 'm' | 'ft';

export interface Units {
  length: LengthUnit;
  height: HeightUnit;
}

const METRES_PER_NM = 1852;
const METRES_PER_FT = 0.3048;

const grouped = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');

/** `12.3 NM`, `312 NM`, or kilometres; below a tenth of a mile metres stay. */
export function lengthText(value_m: number, { length }: Units): string {
  const miles = value_m / METRES_PER_NM;
  if (length === 'km' || Math.abs(miles) < 0.1) {
    return distance(value_m);
  }
  return `${miles.toFixed(Math.abs(miles) < 99.95 ? 1 : 0)} NM`;
}

/** Heights of what flies: metres and kilometres, or feet, in thousands with a thin space. */
export const heightText = (value_m: number, { height }: Units): string =>
  height === 'm' ? distance(value_m) : `${grouped(value_m / METRES_PER_FT)} ft`;

/** Ships in knots always; what flies in metres a second, or in knots where lengths are nautical miles. */
export const speedText = (value_m_per_s: number, afloat: boolean, { length }: Units): string =>
  afloat || length === 'nm' ? knots(value_m_per_s) : speed(value_m_per_s);
