/** An object's height over time as a small chart: lines in a box of its own units, and where its ticks are. */

import type { TrailPoint } from './types';

export interface Tick {
  at: number;
  value: number;
}

export interface Profile {
  /** Points of the line, `x,y` each, for `points` of a polyline. */
  points: string;
  /** Where it is now. */
  now: { x: number; y: number };
  /** Seconds since the first point, along the box. */
  times: Tick[];
  /** Metres, up the box. */
  heights: Tick[];
}

/** More points than pixels tell nothing. */
const POINTS_MAX = 240;
const STEPS = [1, 2, 5];
const TICKS = 4;

/** A round step that divides a span into at most as many parts. */
export function roundStep(span: number, parts: number): number {
  const least = Math.max(span, Number.EPSILON) / parts;
  const power = 10 ** Math.floor(Math.log10(least));
  return (STEPS.find((step) => step * power >= least * (1 - 1e-9)) ?? 10) * power;
}

function ticks(span: number, parts: number, place: (value: number) => number): Tick[] {
  const step = roundStep(span, parts);
  const count = Math.floor(span / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, number) => ({ value: number * step, at: place(number * step) }));
}

/** The chart of a trail; null for one that is too short to have one. Heights begin at 0. */
export function profileOf(trail: readonly TrailPoint[], width: number, height: number): Profile | null {
  const last = trail.at(-1);
  if (trail.length < 2 || !last || last[0] <= trail[0][0]) {
    return null;
  }
  const [begin_ns, span_s] = [trail[0][0], (last[0] - trail[0][0]) / 1e9];
  const top_m = Math.max(1, ...trail.map(([, , , height_m]) => height_m));
  const ceiling_m = roundStep(top_m, 1) >= top_m * 2 ? top_m * 1.1 : roundStep(top_m, 1);
  const x = (at_ns: number) => ((at_ns - begin_ns) / 1e9 / span_s) * width;
  const y = (height_m: number) => height - (Math.max(0, height_m) / ceiling_m) * height;
  const stride = Math.max(1, Math.ceil(trail.length / POINTS_MAX));
  const kept = trail.filter((_, place) => place % stride === 0 || place === trail.length - 1);
  return {
    points: kept.map(([at_ns, , , height_m]) => `${x(at_ns).toFixed(1)},${y(height_m).toFixed(1)}`).join(' '),
    now: { x: width, y: y(last[3]) },
    times: ticks(span_s, TICKS, (value) => (value / span_s) * width),
    heights: ticks(ceiling_m, TICKS, y),
  };
}
