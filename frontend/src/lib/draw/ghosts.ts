/** What a party lacks, drawn on its map where others have it: a broken ring with a stroke through it. */

import type { Ghost } from '../sides';
import { pointAt } from '../vectors';
import { keepClear, type Brush } from './brush';
import { faint } from './colours';

const RING_PX = 10;
const GHOST = '#ff9d85';
const WEIGHT = 60;

export function drawGhosts(brush: Brush, ghosts: readonly Ghost[]): void {
  const { context, globe } = brush;
  for (const { lat, lon, height_m, codes } of ghosts) {
    const { x, y, hidden } = globe.pixel(pointAt(lat, lon, height_m));
    if (hidden) {
      continue;
    }
    context.beginPath();
    context.arc(x, y, RING_PX, 0, 2 * Math.PI);
    context.moveTo(x - RING_PX, y + RING_PX);
    context.lineTo(x + RING_PX, y - RING_PX);
    context.setLineDash([3, 3]);
    context.strokeStyle = faint(GHOST, 0.95);
    context.lineWidth = 1.6;
    context.stroke();
    context.setLineDash([]);
    keepClear(brush, x, y, RING_PX);
    const label = brush.say('sides.ghost', { codes: codes.join(', ') });
    brush.labels.push({ x, y, clear: RING_PX, text: label, codes: [], weight: WEIGHT });
  }
}
