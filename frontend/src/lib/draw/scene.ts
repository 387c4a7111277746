/** All objects of one pane, from the ground up. */

import type { Pane } from '../picture';
import { sightTrail } from '../picture';
import type { Ghost } from '../sides';
import type { Shown, ShownSight } from '../types';
import { drawAreas } from './areas';
import type { Brush, Hit } from './brush';
import { drawCoverage, drawPlaces, drawWay } from './ground';
import { drawGhosts } from './ghosts';
import { drawLabels } from './labels';
import { drawManySights, drawManyTracks, drawShipSight, drawSight, drawTrack, type Ring } from './tracks';
import { drawVessels } from './vessels';

/** Room of the buttons in the lower right corner. */
const BUTTONS_PX = { width: 168, height: 48 };

/** From so many flying objects on each is a mark alone, but for the one that is selected. */
export const MANY = 150;

/** Draws a pane's objects and returns where each stands, for picking. */
export function drawScene(brush: Brush, pane: Pane, ghosts: readonly Ghost[] = []): Hit[] {
  const { context, globe } = brush;
  context.clearRect(0, 0, globe.width, globe.height);
  drawCoverage(brush);
  const { areas, vessels, tracks } = sorted(pane);
  drawAreas(brush, areas);
  drawVessels(brush, vessels);
  const rings = drawSights(brush, pane);
  const one = tracks.length > MANY ? tracks.filter(({ id }) => id === brush.selected) : tracks;
  if (tracks.length > MANY) {
    drawManyTracks(brush, tracks);
  }
  for (const item of one) {
    drawTrack(brush, item, pane.trails.get(item.id) ?? [], rings);
  }
  drawPlaces(brush);
  drawWay(brush);
  drawGhosts(brush, ghosts);
  // The buttons over the map.
  brush.taken.push({
    left: globe.width - BUTTONS_PX.width,
    top: globe.height - BUTTONS_PX.height,
    ...BUTTONS_PX,
  });
  drawLabels(context, brush.labels, globe.width, globe.height, brush.taken);
  return brush.hits;
}

/** Fused objects; returns those that are told one by one and are seen. */
function drawSights(brush: Brush, pane: Pane): Ring[] {
  const flying: ShownSight[] = [];
  for (const [key, sight] of pane.sights) {
    if (sight.domain !== 'maritime') {
      flying.push(sight);
    } else if (sight.sources.length > 1) {
      // A ship that one party alone told of is its own mark.
      drawShipSight(brush, sightTrail(key), sight);
    }
  }
  const many = flying.length > MANY;
  if (many) {
    drawManySights(brush, flying, sightTrail);
  }
  const rings: Ring[] = [];
  for (const sight of flying) {
    const id = sightTrail(sight.key);
    const ring = many && id !== brush.selected ? null : drawSight(brush, id, sight, pane.trails.get(id) ?? []);
    if (ring) {
      rings.push(ring);
    }
  }
  return rings;
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
