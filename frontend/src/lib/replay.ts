/** Going back: which instants there are to go to, how a replay runs, and what its picture is. */

import type { Pane, Picture } from './picture';
import { EMPTY_LOG } from './fold';
import type { PastEvent, PastPicture } from './api';
import type { TrailPoint } from './types';


const SECOND_NS = 1e9;
export const STEP_S = 10;
export const REPLAY_SPEEDS = [0.25, 0.5, 1, 2, 5, 10, 30, 60] as const;

/** Lengths of time that the slider may show, seconds; 0 is all there is. */
export const SPANS_S = [600, 3_600, 21_600, 86_400, 0] as const;

/** What a node knew at an instant; its document leaves open how long a point of a trail is. */
export type PastAnswer = Omit<PastPicture, 'trails' | 'entry'> & { trails: Record<string, TrailPoint[]> };

/** How a replay runs: from an instant on, since a moment of the page's own clock. */
export interface Run {
  from_ns: number;
  since_ms: number;
  speed: number;
}

/** The instant that a replay has come to. */
export const reached = ({ from_ns, since_ms, speed }: Run, wall_ms: number): number =>
  from_ns + Math.max(0, wall_ms - since_ms) * speed * 1e6;

/** An instant between the two ends of what there is; null where that is live. */
export function within(at_ns: number, began_ns: number, now_ns: number): number | null {
  return at_ns >= now_ns ? null : Math.max(began_ns, at_ns);
}

/** Kinds that a mark is drawn for, the more important first: of marks in one place the first is seen. */
const RANKS = ['retracted', 'confirmed', 'raised', 'launch', 'impact-area', 'impact', 'disagreement', 'staging'];
const rank = ({ kind }: PastEvent): number => (RANKS.indexOf(kind) + RANKS.length + 1) % (RANKS.length + 1);

export interface Mark {
  /** From 0 to 1 along the slider. */
  place: number;
  /** What happened there, the most important first. */
  events: readonly PastEvent[];
}

/** The marks of a slider, those that would lie on each other as one. */
export function marksOf(events: readonly PastEvent[], from_ns: number, until_ns: number, apart = 0.012): Mark[] {
  const span_ns = until_ns - from_ns;
  const marks: { place: number; events: PastEvent[] }[] = [];
  for (const event of [...events].sort((one, other) => one.at_ns - other.at_ns)) {
    const place = (event.at_ns - from_ns) / span_ns;
    if (!(place >= 0 && place <= 1)) {
      continue;
    }
    const last = marks.at(-1);
    if (last && place - last.place < apart) {
      last.events.push(event);
    } else {
      marks.push({ place, events: [event] });
    }
  }
  return marks.map(({ place, events: there }) => ({
    place,
    events: there.sort((one, other) => rank(one) - rank(other)),
  }));
}

/** The next event behind an instant, or the one before it; undefined where there is none. */
export function eventFrom(events: readonly PastEvent[], at_ns: number, step: 1 | -1): PastEvent | undefined {
  const near_ns = SECOND_NS / 2;
  const sorted = [...events].sort((one, other) => one.at_ns - other.at_ns);
  return step > 0
    ? sorted.find((event) => event.at_ns > at_ns + near_ns)
    : sorted.findLast((event) => event.at_ns < at_ns - near_ns);
}

/** One party's picture of the past, from its node's answer. */
export function pastPane(answer: PastAnswer, wall_ms: number): Pane {
  return {
    up: true,
    at_ns: answer.at_ns,
    heard_ms: wall_ms,
    items: new Map(answer.items.map((item) => [item.id, item])),
    sights: new Map(answer.sights.map((sight) => [sight.key, sight])),
    trails: new Map(Object.entries(answer.trails)),
  };
}

const nothingOf = (at_ns: number, wall_ms: number): Pane => ({
  up: true,
  at_ns,
  heard_ms: wall_ms,
  items: new Map(),
  sights: new Map(),
  trails: new Map(),
});

/** The picture at an instant of the past: nothing of the live one is in it but names and settings. */
export function pictureAt(
  live: Picture,
  at_ns: number,
  panes: Readonly<Record<string, Pane>>,
  wall_ms: number,
): Picture {
  return {
    ...live,
    pace: { ...live.pace, now_ns: at_ns, paused: true, phase: 'running', message: '', heard_ms: wall_ms },
    panes: Object.fromEntries(live.parties.map((party) => [party, panes[party] ?? nothingOf(at_ns, wall_ms)])),
    log: EMPTY_LOG,
  };
}
