/** What flies: where it was, where it is and how surely. */

import { ageOf } from '../format';
import { markOf, traceShape } from '../originators';
import { isStale } from '../stale';
import type { Ellipse, Shown, ShownSight, TrailPoint } from '../types';
import { heightText } from '../units';
import { ellipsoidAxes, pointAt, type Vector } from '../vectors';
import { ageIn, keepClear, type Brush } from './brush';
import { faint, FUSED, GROUND_TRACK, SHADE, STALE } from './colours';
import { STAMP_HALF_PX, stampOf } from './sprites';
import { drawSymbol, symbolOf } from './symbol';

const MARK_PX = 5.5;
const RING_PX = 11;
const SHIP_RING_PX = 5;
const SYMBOL_PX = 22;
const MARK_OF_MANY_PX = 4;
const WEIGHT_SIGHT = 100;
const WEIGHT_TRACK = 40;
const SELECTED = 1000;
/** A fused object's label speaks for a track this near to it that it was fused from. */
const SPOKEN_FOR_PX = 16;
const VERTICAL_SIGMAS = 3;
const PATH_STEP_PX = 9;
const PATH_CLEAR_PX = 3;
/** Region drawn for an outline only when it can be told from the mark. */
const OUTLINE_MIN_PX = 2;

export interface Where {
  lat: number;
  lon: number;
  height_m: number;
}

interface Uncertain {
  ellipse?: Ellipse | null;
  height_sigma_m?: number | null;
}

export interface Ring {
  x: number;
  y: number;
  sources: readonly string[];
}

const line = (trail: readonly TrailPoint[], raised: boolean): Vector[] =>
  trail.map(([, lat, lon, height_m]) => pointAt(lat, lon, raised ? height_m : 0));

/** The path so far, as far up as it was, over its ground track. */
export function drawTrail(brush: Brush, trail: readonly TrailPoint[], colour: string, width: number): void {
  const { context, globe } = brush;
  if (trail.length < 2 || brush.extras.off.has('trails')) {
    return;
  }
  context.beginPath();
  globe.traceLine(context, line(trail, false));
  context.strokeStyle = GROUND_TRACK;
  context.lineWidth = 1.2;
  context.stroke();
  const raised = line(trail, true);
  context.beginPath();
  globe.traceLine(context, raised);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = 'round';
  context.stroke();
  keepPathClear(brush, raised);
}

/** Keeps labels off a path, by boxes along it. */
function keepPathClear(brush: Brush, path: readonly Vector[]): void {
  let last = { x: Infinity, y: Infinity };
  for (const point of path) {
    const seen = brush.globe.pixel(point);
    if (Math.hypot(seen.x - last.x, seen.y - last.y) >= PATH_STEP_PX || last.x === Infinity) {
      keepClear(brush, seen.x, seen.y, PATH_CLEAR_PX);
      last = seen;
    }
  }
}

function drawDrop(brush: Brush, { lat, lon, height_m }: Where): void {
  const { context, globe } = brush;
  context.beginPath();
  globe.traceLine(context, [pointAt(lat, lon, height_m), pointAt(lat, lon)]);
  context.strokeStyle = '#dfe8f566';
  context.lineWidth = 1;
  context.stroke();
}

/** The outline of the region in which it is with 99.7 %: an ellipsoid, seen exactly. */
function drawRegion(brush: Brush, { lat, lon, height_m }: Where, region: Uncertain, colour: string): void {
  const { context, globe } = brush;
  if (!region.ellipse || brush.extras.off.has('uncertainty')) {
    return;
  }
  const { semi_major_m, semi_minor_m, bearing_deg } = region.ellipse;
  const vertical_m = VERTICAL_SIGMAS * (region.height_sigma_m ?? 0);
  // A flat ellipsoid would be one that nothing can be seen through: give it a metre.
  const axes = ellipsoidAxes(lat, lon, bearing_deg, [semi_major_m, semi_minor_m, Math.max(1, vertical_m)]);
  const outline = globe.outline(pointAt(lat, lon, height_m), axes);
  if (!outline || outline.semiMajor < OUTLINE_MIN_PX) {
    return;
  }
  const { x, y, semiMajor, semiMinor, rotation } = outline;
  context.beginPath();
  context.ellipse(x, y, semiMajor, semiMinor, rotation, 0, 2 * Math.PI);
  context.fillStyle = faint(colour, 0.16);
  context.fill();
  context.strokeStyle = faint(colour, 0.85);
  context.lineWidth = 1.1;
  context.stroke();
}

const whereOf = (what: {
  lat?: number | null;
  lon?: number | null;
  height_m?: number | null;
}): Where | null =>
  what.lat == null || what.lon == null
    ? null
    : { lat: what.lat, lon: what.lon, height_m: what.height_m ?? 0 };

/** An originator's track. Its label is left to the fused object where that stands in the same place. */
export function drawTrack(
  brush: Brush,
  item: Shown,
  trail: readonly TrailPoint[],
  rings: readonly Ring[],
): void {
  const { colour, shape } = markOf(item.originator);
  const age_s = ageIn(brush, item.valid_ns);
  const stale = isStale(item, age_s);
  const selected = item.id === brush.selected;
  drawTrail(brush, trail, faint(stale ? STALE : colour, 0.9), selected ? 3 : 2);
  const where = whereOf(item);
  if (!where) {
    return;
  }
  drawDrop(brush, where);
  drawRegion(brush, where, item, stale ? STALE : colour);
  const seen = brush.globe.pixel(pointAt(where.lat, where.lon, where.height_m));
  if (seen.hidden || !brush.globe.onCanvas(seen, 20)) {
    return;
  }
  const { context } = brush;
  if (brush.extras.symbols) {
    drawSymbol(context, symbolOf(item), seen.x, seen.y, SYMBOL_PX);
  }
  // Beside a symbol the mark of who made it stays, in its corner.
  const aside = brush.extras.symbols ? SYMBOL_PX / 2 : 0;
  context.beginPath();
  traceShape(context, shape, seen.x + aside, seen.y + aside, aside ? MARK_PX - 1.5 : MARK_PX);
  context.fillStyle = stale ? STALE : colour;
  context.fill();
  context.strokeStyle = stale ? colour : SHADE;
  context.lineWidth = 1.4;
  context.stroke();
  keepClear(brush, seen.x, seen.y, MARK_PX + aside + 2);
  brush.hits.push({ id: item.id, x: seen.x, y: seen.y });
  const spokenFor = rings.some(
    (ring) =>
      ring.sources.includes(item.originator) && Math.hypot(ring.x - seen.x, ring.y - seen.y) < SPOKEN_FOR_PX,
  );
  if (!spokenFor || selected) {
    brush.labels.push({
      x: seen.x,
      y: seen.y,
      clear: MARK_PX + 2,
      codes: [item.originator],
      text: labelText(brush, item.originator, where, stale ? age_s : null),
      weight: selected ? SELECTED : WEIGHT_TRACK,
      bright: selected,
    });
  }
}

/**
 * Tracks that are too many to be told one by one: marks alone, on whole pixels, where a stamp is copied. Paths,
 * regions and labels are for the one that is selected, which `drawTrack` draws.
 */
export function drawManyTracks(brush: Brush, tracks: readonly Shown[]): void {
  const { context, globe, ratio } = brush;
  const side = 2 * STAMP_HALF_PX;
  for (const item of tracks) {
    if (item.lat == null || item.lon == null) {
      continue;
    }
    const seen = globe.pixel(pointAt(item.lat, item.lon, item.height_m ?? 0));
    if (seen.hidden || !globe.onCanvas(seen, STAMP_HALF_PX)) {
      continue;
    }
    const stale = isStale(item, ageIn(brush, item.valid_ns));
    const stamp = stampOf(item.originator, stale, null, MARK_OF_MANY_PX, ratio);
    const [x, y] = [Math.round(seen.x * ratio) / ratio, Math.round(seen.y * ratio) / ratio];
    context.drawImage(stamp, x - STAMP_HALF_PX, y - STAMP_HALF_PX, side, side);
    brush.hits.push({ id: item.id, x: seen.x, y: seen.y });
  }
}

/** Fused objects that are too many: rings alone, in one stroke. */
export function drawManySights(brush: Brush, sights: readonly ShownSight[], idOf: (key: string) => string): void {
  const { context, globe } = brush;
  context.beginPath();
  for (const sight of sights) {
    const where = whereOf(sight);
    const seen = where && globe.pixel(pointAt(where.lat, where.lon, where.height_m));
    if (seen && !seen.hidden && globe.onCanvas(seen, SHIP_RING_PX)) {
      context.moveTo(seen.x + SHIP_RING_PX, seen.y);
      context.arc(seen.x, seen.y, SHIP_RING_PX, 0, 2 * Math.PI);
      brush.hits.push({ id: idOf(sight.key), x: seen.x, y: seen.y });
    }
  }
  context.strokeStyle = FUSED;
  context.lineWidth = 1;
  context.stroke();
}

function labelText(brush: Brush, first: string, where: Where, age_s: number | null): string {
  const parts = [first, heightText(where.height_m, brush.extras.units)];
  if (age_s !== null) {
    const { key, count } = ageOf(age_s);
    parts.push(brush.say('map.old', { age: brush.say(key, { count }) }));
  }
  return parts.filter(Boolean).join(' · ');
}

/** A ship that several told of: a small ring around its mark. Thousands of labels would say nothing. */
export function drawShipSight(brush: Brush, id: string, sight: ShownSight): void {
  const where = whereOf(sight);
  const seen = where && brush.globe.pixel(pointAt(where.lat, where.lon));
  if (!seen || seen.hidden || !brush.globe.onCanvas(seen, SHIP_RING_PX)) {
    return;
  }
  const { context } = brush;
  const selected = id === brush.selected;
  const stale = isStale({ kind: 'sight', domain: sight.domain }, ageIn(brush, sight.valid_ns));
  context.beginPath();
  context.arc(seen.x, seen.y, selected ? RING_PX : SHIP_RING_PX, 0, 2 * Math.PI);
  context.strokeStyle = stale ? STALE : FUSED;
  context.lineWidth = selected ? 2.4 : 1;
  context.stroke();
  if (selected) {
    const codes = [...sight.sources].sort();
    const label = { clear: RING_PX, codes, text: `${codes.join('+')} · ${sight.key}` };
    brush.labels.push({ x: seen.x, y: seen.y, ...label, weight: SELECTED, bright: true });
  }
}

/** A fused object: a white ring, the codes of its sources beside it. Returns where it stands, if it is seen. */
export function drawSight(
  brush: Brush,
  id: string,
  sight: ShownSight,
  trail: readonly TrailPoint[],
): Ring | null {
  const age_s = ageIn(brush, sight.valid_ns);
  const stale = isStale({ kind: 'sight', domain: sight.domain }, age_s);
  const selected = id === brush.selected;
  const colour = stale ? STALE : FUSED;
  drawTrail(brush, trail, faint(colour, selected ? 0.9 : 0.45), selected ? 2.4 : 1.2);
  const where = whereOf(sight);
  if (!where) {
    return null;
  }
  drawRegion(brush, where, sight, colour);
  const seen = brush.globe.pixel(pointAt(where.lat, where.lon, where.height_m));
  if (seen.hidden || !brush.globe.onCanvas(seen, 20)) {
    return null;
  }
  const { context } = brush;
  context.beginPath();
  context.arc(seen.x, seen.y, RING_PX, 0, 2 * Math.PI);
  context.strokeStyle = colour;
  context.lineWidth = selected ? 3 : 1.8;
  context.stroke();
  keepClear(brush, seen.x, seen.y, RING_PX + 2);
  brush.hits.push({ id, x: seen.x, y: seen.y });
  const stage = sight.stage && sight.stage !== 'unknown' ? brush.word('stage', sight.stage) : '';
  const codes = [...sight.sources].sort();
  brush.labels.push({
    x: seen.x,
    y: seen.y,
    clear: RING_PX + 2,
    codes,
    text: labelText(brush, [codes.join('+'), stage].filter(Boolean).join(' · '), where, stale ? age_s : null),
    weight: selected ? SELECTED : WEIGHT_SIGHT,
    bright: selected,
  });
  return { x: seen.x, y: seen.y, sources: sight.sources };
}
