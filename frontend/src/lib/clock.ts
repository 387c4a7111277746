/** The exercise's clock between two words of the server: it ticks on by the speed that was told. */

import type { PaceEvent, Phase } from './types';

export interface Pace {
  now_ns: number;
  speed: number;
  paused: boolean;
  phase: Phase;
  message: string;
  /** Wall time of the page when this was heard, milliseconds. */
  heard_ms: number;
}

/** The server speaks at least once a second; after this silence the clock stands rather than guesses. */
const TRUSTED_MS = 2_500;

/** The way from a node to the page, wall time, that does not count as age. */
const UNDERWAY_MS = 1_500;

export const paceOf = (event: PaceEvent, wall_ms: number): Pace => ({
  now_ns: event.now_ns,
  speed: event.speed,
  paused: event.paused,
  phase: event.phase,
  message: event.message,
  heard_ms: wall_ms,
});

/** The instant that the clock shows. */
export function instantAt(pace: Pace, wall_ms: number): number {
  if (pace.paused || pace.phase !== 'running') {
    return pace.now_ns;
  }
  const passed_ms = Math.max(0, Math.min(TRUSTED_MS, wall_ms - pace.heard_ms));
  return pace.now_ns + passed_ms * pace.speed * 1e6;
}

/**
 * The instant by which the ages in a pane count: that of its newest picture. At twenty times the speed of
 * life a picture is seconds of exercise behind the clock when it arrives, which is nobody's fault. But a
 * node that sends nothing more does not stay young: the clock, less the time underway, counts then.
 */
export function referenceOf(pace: Pace, pane: { up: boolean; at_ns: number }, wall_ms: number): number {
  const now_ns = instantAt(pace, wall_ms);
  const allowed_ns = pane.up ? UNDERWAY_MS * pace.speed * 1e6 : 0;
  return Math.max(pane.at_ns, now_ns - allowed_ns);
}
