/**
 * Areas and events on the ground. The colour says who made it. The line says what it is: solid for what was
 * estimated from observations, such as where something was launched, dashed for what is predicted, dotted for
 * what the party watches over.
 */

import { countdown, secondsBetween } from '../format';
import { markOf } from '../originators';
import { isStale } from '../stale';
import type { Ellipse, Shown } from '../types';
import { groundEllipse, pointAt, type Vector } from '../vectors';
import { ageIn, keepClear, type Brush } from './brush';
import { faint, STALE } from './colours';

/** Areas of one sort whose middles are nearer than this share one label. */
const SHARED_LABEL_PX = 26;
const DASHES: Readonly<Record<string, number[]>> = { impact: [6, 4], hazard: [2, 4], watch: [1, 3] };
const WEIGHT_IMPACT = 50;
const WEIGHT_OTHER = 20;

interface Site {
  x: number;
  y: number;
  sort: string;
  items: Shown[];
}

export function drawAreas(brush: Brush, items: readonly Shown[]): void {
  const sites: Site[] = [];
  for (const item of items) {
    drawRegion(brush, item);
    gather(brush, sites, item);
  }
  for (const site of sites) {
    drawSite(brush, site);
  }
}

function outlineOf(item: Shown): Vector[] {
  if (item.polygon) {
    return item.polygon.map(([lat, lon]) => pointAt(lat, lon));
  }
  const { lat, lon, ellipse } = item;
  return lat == null || lon == null || !ellipse ? [] : ellipseOutline(lat, lon, ellipse);
}

const ellipseOutline = (lat: number, lon: number, ellipse: Ellipse): Vector[] =>
  groundEllipse(lat, lon, ellipse.semi_major_m, ellipse.semi_minor_m, ellipse.bearing_deg);

function drawRegion(brush: Brush, item: Shown): void {
  const { context, globe } = brush;
  const outline = outlineOf(item).map((point) => globe.pixel(point));
  if (outline.length === 0 || outline.every(({ hidden }) => hidden)) {
    return;
  }
  const colour = isStale(item, ageIn(brush, item.valid_ns)) ? STALE : markOf(item.originator).colour;
  context.beginPath();
  outline.forEach(({ x, y }, place) => (place === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.closePath();
  context.fillStyle = faint(colour, item.kind === 'event' || item.area === 'watch' ? 0.08 : 0.2);
  context.fill();
  context.setLineDash(DASHES[item.area ?? ''] ?? []);
  context.strokeStyle = colour;
  context.lineWidth = item.id === brush.selected ? 2.6 : 1.4;
  context.stroke();
  context.setLineDash([]);
}

/** Where something was launched is one site, told as an event and as an area. */
function sortOf(item: Shown): string {
  if (item.kind === 'event' || item.area === 'launch') {
    return `event.${item.kind === 'event' ? item.event : 'launch'}`;
  }
  // Each watch area has a name of its own, and so a label.
  return item.area === 'watch' ? `area.watch.${item.id}` : `area.${item.area}`;
}

/** Adds an item to the site of its sort that is near, or makes a new one. */
function gather(brush: Brush, sites: Site[], item: Shown): void {
  const [lat, lon] = item.polygon?.length ? middleOf(item.polygon) : [item.lat, item.lon];
  if (lat == null || lon == null) {
    return;
  }
  const seen = brush.globe.pixel(pointAt(lat, lon));
  if (seen.hidden || !brush.globe.onCanvas(seen, 20)) {
    return;
  }
  const sort = sortOf(item);
  const near = sites.find(
    (site) => site.sort === sort && Math.hypot(site.x - seen.x, site.y - seen.y) < SHARED_LABEL_PX,
  );
  if (near) {
    near.items.push(item);
  } else {
    sites.push({ x: seen.x, y: seen.y, sort, items: [item] });
  }
  brush.hits.push({ id: item.id, x: seen.x, y: seen.y });
}

function middleOf(polygon: readonly [number, number][]): [number, number] {
  const sum = polygon.reduce(([lat, lon], [nextLat, nextLon]) => [lat + nextLat, lon + nextLon], [0, 0]);
  return [sum[0] / polygon.length, sum[1] / polygon.length];
}

function drawSite(brush: Brush, site: Site): void {
  const { context } = brush;
  const item = speaker(brush, site.items);
  const { colour } = markOf(item.originator);
  const [group, sort] = site.sort.split('.');
  const ways: Readonly<Record<string, () => string>> = {
    impact: () => impactText(brush, group, item),
    watch: () => (item.names ? brush.named(item.names) : brush.word(group, sort)),
  };
  context.beginPath();
  if (group === 'event') {
    context.moveTo(site.x, site.y - 4);
    context.lineTo(site.x + 4, site.y + 4);
    context.lineTo(site.x - 4, site.y + 4);
    context.closePath();
  } else {
    context.moveTo(site.x - 3.5, site.y - 3.5);
    context.lineTo(site.x + 3.5, site.y + 3.5);
    context.moveTo(site.x + 3.5, site.y - 3.5);
    context.lineTo(site.x - 3.5, site.y + 3.5);
  }
  context.strokeStyle = colour;
  context.lineWidth = 1.4;
  context.stroke();
  keepClear(brush, site.x, site.y, 6);
  brush.labels.push({
    x: site.x,
    y: site.y,
    clear: 6,
    text: ways[sort]?.() ?? brush.word(group, sort),
    codes: [...new Set(site.items.map(({ originator }) => originator))],
    weight: sort === 'impact' ? WEIGHT_IMPACT : WEIGHT_OTHER,
    bright: site.items.some(({ id }) => id === brush.selected),
  });
}

/** Whose item speaks for a site: the party's own while it is fresh, else the newest. */
function speaker({ party, reference_ns }: Brush, items: readonly Shown[]): Shown {
  const own = items.find(({ originator }) => originator === party);
  if (own && !isStale(own, secondsBetween(own.valid_ns, reference_ns))) {
    return own;
  }
  return items.reduce((newest, item) => (item.valid_ns > newest.valid_ns ? item : newest));
}

function impactText(brush: Brush, group: string, item: Shown): string {
  if (group === 'event' || item.expected_ns == null) {
    return brush.word(group, 'impact');
  }
  const left_s = secondsBetween(brush.reference_ns, item.expected_ns);
  return brush.say(left_s >= 0 ? 'map.impactIn' : 'map.impactPast', { time: countdown(left_s) });
}
