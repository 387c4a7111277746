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

/** From here on feet are told in thousands. */
const FEET_MAX = 100_000;

const feet = (value: number): string =>
  Math.abs(value) < FEET_MAX ? `${Math.round(value)} ft` : `${Math.round(value / 1000)} kft`;

/** `12.3 NM`, `312 NM`, or kilometres; below a tenth of a mile metres stay. */
export function lengthText(value_m: number, { length }: Units): string {
  const miles = value_m / METRES_PER_NM;
  if (length === 'km' || Math.abs(miles) < 0.1) {
    return distance(value_m);
  }
  return `${miles.toFixed(Math.abs(miles) < 99.95 ? 1 : 0)} NM`;
}

/** Heights of what flies: metres and kilometres, or feet and thousands of feet. */
export const heightText = (value_m: number, { height }: Units): string =>
  height === 'm' ? distance(value_m) : feet(value_m / METRES_PER_FT);

/** Ships in knots always; what flies in metres a second, or in knots where lengths are nautical miles. */
export const speedText = (value_m_per_s: number, afloat: boolean, { length }: Units): string =>
  afloat || length === 'nm' ? knots(value_m_per_s) : speed(value_m_per_s);
