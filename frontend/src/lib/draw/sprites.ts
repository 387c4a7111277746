/**
 * Marks of ships as small pictures, drawn once and then stamped: thousands of stamps cost a tenth of
 * thousands of outlines. A stroke shows the course, in one of 32 directions.
 */

import { markOf, traceShape } from '../originators';
import { faint, SHADE, STALE } from './colours';

const DIRECTIONS = 32;
const COURSE_PX = 7;
/** Half the side of a stamp: the stroke's length and its width. */
export const STAMP_HALF_PX = COURSE_PX + 2;

const stamps = new Map<string, ImageBitmap>();

/** A direction on the screen, clockwise from right in radians, as one of those that have a stamp. */
export const directionOf = (angle: number): number =>
  ((Math.round((angle / (2 * Math.PI)) * DIRECTIONS) % DIRECTIONS) + DIRECTIONS) % DIRECTIONS;

/** The stamp of a party's ship. `direction` is null for one that lies still, `ratio` that of the screen. */
export function stampOf(
  originator: string,
  stale: boolean,
  direction: number | null,
  size: number,
  ratio: number,
): ImageBitmap {
  const key = `${originator}${stale ? '-' : '+'}${direction}:${size}:${ratio}:${SHADE}`;
  let stamp = stamps.get(key);
  if (!stamp) {
    stamp = drawStamp(originator, stale, direction, size, ratio);
    stamps.set(key, stamp);
  }
  return stamp;
}

function drawStamp(
  originator: string,
  stale: boolean,
  direction: number | null,
  size: number,
  ratio: number,
): ImageBitmap {
  const mark = markOf(originator);
  const colour = stale ? STALE : mark.colour;
  const side = Math.round(2 * STAMP_HALF_PX * ratio);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.setTransform(ratio, 0, 0, ratio, STAMP_HALF_PX * ratio, STAMP_HALF_PX * ratio);
  if (direction !== null) {
    const angle = (direction / DIRECTIONS) * 2 * Math.PI;
    context.beginPath();
    context.moveTo(0, 0);
    context.lineTo(Math.cos(angle) * COURSE_PX, Math.sin(angle) * COURSE_PX);
    context.strokeStyle = faint(colour, 0.8);
    context.lineWidth = 1.2;
    context.stroke();
  }
  context.beginPath();
  traceShape(context, mark.shape, 0, 0, size);
  context.strokeStyle = SHADE;
  context.lineWidth = 1.2;
  context.stroke();
  context.fillStyle = colour;
  context.fill();
  return canvas.transferToImageBitmap();
}
