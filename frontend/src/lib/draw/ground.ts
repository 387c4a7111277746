/** What belongs to the own staff's map and is no object: own sensors' coverage, named places, what is measured. */

import type { LatLon } from '../coordinates';
import { bearing, measured, wayPoints } from '../measure';
import { markOf } from '../originators';
import { heightText, lengthText } from '../units';
import { pointAt } from '../vectors';
import { keepClear, type Brush } from './brush';
import { faint, FOCUS, INK, SHADE } from './colours';
import { drawSymbol } from './symbol';

const SENSOR_PX = 5;
const WEIGHT_SENSOR = 5;
const WEIGHT_HEIGHT = 2;
const WEIGHT_PLACE = 1;
const WEIGHT_WAY = 2_000;
const PLACE_PX = 2;
const AIM_PX = 11;
const SYMBOL_PX = 24;
/** A map narrower than this, as on a phone, has no room for the height of each ring. */
const NARROW_PX = 500;

/** What own sensors may see at a height: rings that hang there, one a height, fainter the higher. */
export function drawCoverage(brush: Brush): void {
  const { context, globe, extras, party } = brush;
  if (!extras.mapped || extras.off.has('coverage')) {
    return;
  }
  const { colour } = markOf(party);
  const tops: RingTop[] = [];
  for (const sensor of extras.mapped.sensors) {
    sensor.coverage.forEach(({ height_m, outline }, level) => {
      if (outline.length < 3) {
        return;
      }
      const ring = [...outline, outline[0]].map(([lat, lon]) => pointAt(lat, lon, height_m));
      context.beginPath();
      globe.traceLine(context, ring);
      context.setLineDash([2, 5]);
      context.strokeStyle = faint(colour, 0.75 - 0.18 * level);
      context.lineWidth = 1.3;
      context.stroke();
      context.setLineDash([]);
      const seen = ring.map((point) => globe.pixel(point)).filter((point) => !point.hidden && globe.onCanvas(point, -30));
      if (seen.length > 0) {
        tops.push({ height_m, ...highest(seen) });
      }
    });
    drawSensor(brush, sensor.name, sensor, colour);
  }
  for (const { height_m, x, y } of labelled(tops, globe.width)) {
    const text = heightText(height_m, extras.units);
    brush.labels.push({ x, y, clear: 1, text, codes: [], weight: WEIGHT_HEIGHT });
  }
}

/** Where the height of a ring stands: at its highest point on the screen. */
export interface RingTop {
  height_m: number;
  x: number;
  y: number;
}

const highest = <P extends { y: number }>(points: readonly P[]): P =>
  points.reduce((one, other) => (other.y < one.y ? other : one));

/** The rings whose height is written: all of them; on a narrow map one of each height, the highest up. */
export function labelled(tops: readonly RingTop[], width_px: number): RingTop[] {
  if (width_px >= NARROW_PX) {
    return [...tops];
  }
  const heights = [...new Set(tops.map(({ height_m }) => height_m))];
  return heights.map((height) => highest(tops.filter(({ height_m }) => height_m === height)));
}

function drawSensor(brush: Brush, name: string, { lat, lon }: LatLon, colour: string): void {
  const { context, globe } = brush;
  const seen = globe.pixel(pointAt(lat, lon));
  if (seen.hidden || !globe.onCanvas(seen, 10)) {
    return;
  }
  if (brush.extras.symbols) {
    drawSymbol(context, 'sensor', seen.x, seen.y, SYMBOL_PX);
  } else {
    context.beginPath();
    context.moveTo(seen.x - SENSOR_PX, seen.y + SENSOR_PX);
    context.lineTo(seen.x, seen.y - SENSOR_PX);
    context.lineTo(seen.x + SENSOR_PX, seen.y + SENSOR_PX);
    context.moveTo(seen.x - SENSOR_PX, seen.y - SENSOR_PX);
    context.arc(seen.x, seen.y - SENSOR_PX, SENSOR_PX, Math.PI, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = 1.6;
    context.stroke();
  }
  keepClear(brush, seen.x, seen.y, SENSOR_PX + 1);
  brush.labels.push({ x: seen.x, y: seen.y, clear: 7, text: name, codes: [], weight: WEIGHT_SENSOR });
}

export function drawPlaces(brush: Brush): void {
  const { context, globe, extras } = brush;
  if (!extras.mapped || extras.off.has('places')) {
    return;
  }
  for (const { names, lat, lon } of extras.mapped.places) {
    const seen = globe.pixel(pointAt(lat, lon));
    if (!seen.hidden && globe.onCanvas(seen)) {
      context.fillStyle = INK;
      context.fillRect(seen.x - PLACE_PX / 2, seen.y - PLACE_PX / 2, PLACE_PX, PLACE_PX);
      const label = { x: seen.x, y: seen.y, clear: 2, text: brush.named(names), codes: [] };
      brush.labels.push({ ...label, weight: WEIGHT_PLACE });
    }
  }
}

/** The cross that keys aim with, and the way between the points that were chosen. */
export function drawWay(brush: Brush): void {
  const { context, globe, extras } = brush;
  if (extras.aim) {
    const [x, y] = [globe.width / 2, globe.height / 2];
    context.beginPath();
    context.moveTo(x - AIM_PX, y);
    context.lineTo(x + AIM_PX, y);
    context.moveTo(x, y - AIM_PX);
    context.lineTo(x, y + AIM_PX);
    strokeTwice(context, FOCUS);
  }
  const [from, to] = extras.way;
  for (const end of extras.way) {
    const seen = globe.pixel(pointAt(end.lat, end.lon));
    if (!seen.hidden) {
      context.beginPath();
      context.arc(seen.x, seen.y, 4, 0, 2 * Math.PI);
      strokeTwice(context, FOCUS);
    }
  }
  if (!from || !to) {
    return;
  }
  const points = wayPoints(from, to).map(({ lat, lon }) => pointAt(lat, lon));
  context.beginPath();
  globe.traceLine(context, points);
  strokeTwice(context, FOCUS);
  const middle = globe.pixel(points[points.length >> 1]);
  const { distance_m, bearing_deg } = measured(from, to);
  if (!middle.hidden && bearing_deg !== null) {
    const text = `${lengthText(distance_m, extras.units)} · ${bearing(bearing_deg)}`;
    brush.labels.push({ x: middle.x, y: middle.y, clear: 4, text, codes: [], weight: WEIGHT_WAY, bright: true });
  }
}

/** A line that is seen on light and dark. */
function strokeTwice(context: CanvasRenderingContext2D, colour: string): void {
  context.strokeStyle = SHADE;
  context.lineWidth = 4;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = 1.8;
  context.stroke();
}
