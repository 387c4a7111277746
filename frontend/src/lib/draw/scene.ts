/** All objects of one pane, from the ground up. */

import type { Pane } from '../picture';
import { sightTrail } from '../picture';
import type { Shown } from '../types';
import { drawAreas } from './areas';
import type { Brush, Hit } from './brush';
import { drawLabels } from './labels';
import { drawShipSight, drawSight, drawTrack, type Ring } from './tracks';
import { drawVessels } from './vessels';

/** Room of the buttons in the lower right corner. */
const BUTTONS_PX = { width: 168, height: 48 };

/** Draws a pane's objects and returns where each stands, for picking. */
export function drawScene(brush: Brush, pane: Pane): Hit[] {
  const { context, globe } = brush;
  context.clearRect(0, 0, globe.width, globe.height);
  const { areas, vessels, tracks } = sorted(pane);
  drawAreas(brush, areas);
  drawVessels(brush, vessels);
  const rings: Ring[] = [];
  for (const [key, sight] of pane.sights) {
    const id = sightTrail(key);
    if (sight.domain !== 'maritime') {
      const ring = drawSight(brush, id, sight, pane.trails.get(id) ?? []);
      if (ring) {
        rings.push(ring);
      }
    } else if (sight.sources.length > 1) {
      // A ship that one party alone told of is its own mark.
      drawShipSight(brush, id, sight);
    }
  }
  for (const item of tracks) {
    drawTrack(brush, item, pane.trails.get(item.id) ?? [], rings);
  }
  // The buttons over the map.
  brush.taken.push({
    left: globe.width - BUTTONS_PX.width,
    top: globe.height - BUTTONS_PX.height,
    ...BUTTONS_PX,
  });
  drawLabels(context, brush.labels, globe.width, globe.height, brush.taken);
  return brush.hits;
}

/** Items by how they are drawn; partners' before own, so that own marks lie on top. */
function sorted(pane: Pane): { areas: Shown[]; vessels: Shown[]; tracks: Shown[] } {
  const [areas, vessels, tracks]: [Shown[], Shown[], Shown[]] = [[], [], []];
  for (const item of pane.items.values()) {
    if (item.kind === 'area' || item.kind === 'event') {
      areas.push(item);
    } else if (item.kind === 'vessel') {
      vessels.push(item);
    } else if (item.kind === 'track') {
      tracks.push(item);
    }
  }
  tracks.sort((one, other) => Number(one.sender === null) - Number(other.sender === null));
  return { areas, vessels, tracks };
}
