/** Ships: small marks with a stroke along their course. */

import { isStale } from '../stale';
import type { Shown } from '../types';
import { alongAndRight, combine, pointAt, type Vector } from '../vectors';
import { ageIn, type Brush } from './brush';
import { directionOf, STAMP_HALF_PX, stampOf } from './sprites';
import { drawSymbol } from './symbol';

const MARK_PX = 2.6;
/** Where there are more than this, marks are smaller. */
const MANY = 400;
const MARK_OF_MANY_PX = 2;
const NAMES_MAX = 40;
const SYMBOL_PX = 20;
const WEIGHT_SELECTED = 1000;
/** Slower than this a course is noise. */
const MOVING_M_PER_S = 0.5;
/** A step along the course, in Earth radii, to find where it points on the screen. */
const STEP = 1e-4;

interface Placed {
  item: Shown;
  ground: Vector;
  x: number;
  y: number;
}

export function drawVessels(brush: Brush, vessels: readonly Shown[]): void {
  const placed = vessels.map((item) => placeOf(brush, item)).filter((one) => one !== null);
  const size = placed.length > MANY ? MARK_OF_MANY_PX : MARK_PX;
  const side = 2 * STAMP_HALF_PX;
  const whole = (at: number): number => Math.round(at * brush.ratio) / brush.ratio;
  for (const { item, ground, x, y } of placed) {
    const stale = isStale(item, ageIn(brush, item.valid_ns));
    const direction = directionOnScreen(brush, item, ground, x, y);
    const stamp = stampOf(item.originator, stale, direction, size, brush.ratio);
    // On whole pixels a stamp is copied; between them it would be computed anew each time.
    if (brush.extras.symbols && placed.length <= NAMES_MAX) {
      drawSymbol(brush.context, 'surface', x, y, SYMBOL_PX);
    }
    brush.context.drawImage(stamp, whole(x) - STAMP_HALF_PX, whole(y) - STAMP_HALF_PX, side, side);
    brush.hits.push({ id: item.id, x, y });
    const selected = item.id === brush.selected;
    if (selected || placed.length <= NAMES_MAX) {
      brush.labels.push({
        x,
        y,
        clear: 4,
        text: item.name || item.mmsi || item.id,
        codes: selected ? [item.originator] : [],
        weight: selected ? WEIGHT_SELECTED : 0,
        bright: selected,
      });
    }
  }
}

/** Where a ship is on the screen, if it can be seen there. */
function placeOf({ globe }: Brush, item: Shown): Placed | null {
  if (item.lat == null || item.lon == null) {
    return null;
  }
  const ground = pointAt(item.lat, item.lon);
  const { x, y, hidden } = globe.pixel(ground);
  return hidden || !globe.onCanvas({ x, y, hidden }, STAMP_HALF_PX) ? null : { item, ground, x, y };
}

/** Where the course of a ship points on the screen; null when it lies still. */
function directionOnScreen(
  { globe }: Brush,
  item: Shown,
  ground: Vector,
  x: number,
  y: number,
): number | null {
  if (item.course_deg == null || (item.speed_m_per_s ?? 0) < MOVING_M_PER_S) {
    return null;
  }
  const [ahead] = alongAndRight(item.lat as number, item.lon as number, item.course_deg);
  const seen = globe.pixel(combine(ground, 1, ahead, STEP));
  return directionOf(Math.atan2(seen.y - y, seen.x - x));
}
