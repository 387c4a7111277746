/** What lies under the objects: space, sea, land, a faint grid. Drawn again only when the camera moves. */

import type { Globe } from '../globe';
import { graticule, type Land } from '../land';
import { AIR, COAST, GRID, LAND, SEA, SPACE } from './colours';

const GLOW_PX = 34;
const LINES = graticule();

export function drawBase(
  context: CanvasRenderingContext2D,
  globe: Globe,
  land: Land | null,
  moving: boolean,
): void {
  context.fillStyle = SPACE;
  context.fillRect(0, 0, globe.width, globe.height);

  context.save();
  context.beginPath();
  globe.traceLimb(context);
  context.shadowColor = AIR;
  context.shadowBlur = moving ? 0 : GLOW_PX;
  context.fillStyle = SEA;
  context.fill();
  context.shadowBlur = 0;
  context.clip();

  context.beginPath();
  globe.traceLines(context, LINES);
  context.strokeStyle = GRID;
  context.lineWidth = 1;
  context.stroke();

  if (land) {
    context.beginPath();
    globe.trace(context, moving ? land.rough : land.fine);
    context.fillStyle = LAND;
    context.fill('evenodd');
    context.strokeStyle = COAST;
    context.lineWidth = 0.8;
    context.stroke();
  }
  context.restore();
}
