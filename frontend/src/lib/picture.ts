/** What the page knows, and how each word of the stream changes it: functions without side effects. */

import { paceOf, type Pace } from './clock';
import { EMPTY_LOG, fold, foldAll, type DecisionLog } from './fold';
import type {
  DecisionsEvent,
  Link,
  LinksEvent,
  PaceEvent,
  PaneEvent,
  PaneWhole,
  RegimeName,
  Shown,
  ShownSight,
  StateEvent,
  TrailPoint,
  View,
} from './types';

/** One party's picture. Its maps are never written to: each change makes new ones. Trails grow where they lie. */
export interface Pane {
  up: boolean;
  at_ns: number;
  /** Wall time of the page when this node was last heard, milliseconds. */
  heard_ms: number;
  items: ReadonlyMap<string, Shown>;
  sights: ReadonlyMap<string, ShownSight>;
  trails: ReadonlyMap<string, readonly TrailPoint[]>;
}

export interface Picture {
  title: string;
  subtitle: string;
  source: string;
  status: string;
  regimes: readonly RegimeName[];
  regime: string;
  /** Clauses that are left out of it, each as `file#id`. */
  struck: readonly string[];
  parties: readonly string[];
  start_ns: number;
  end_ns: number;
  decision_shift_ns: number;
  speeds: readonly number[];
  view: View;
  links: readonly Link[];
  pace: Pace;
  panes: Readonly<Record<string, Pane>>;
  log: DecisionLog;
}

/** Points of a trail that are kept; of a longer one every second goes. */
export const TRAIL_MAX = 3_000;
/** Points of all trails of a pane together: of thousands of objects each has a shorter one. */
export const TRAILS_MAX = 200_000;
const TRAIL_MIN = 40;

export const sightTrail = (key: string): string => `sight:${key}`;

/** `state`: everything anew. */
export function wholePicture(event: StateEvent, wall_ms: number): Picture {
  const panes = Object.fromEntries(
    event.parties.map((party) => [party, wholePane(event.panes[party], wall_ms)]),
  );
  return {
    title: event.title,
    subtitle: event.subtitle,
    source: event.source,
    status: event.status,
    regimes: event.regimes,
    regime: event.regime,
    struck: event.struck ?? [],
    parties: event.parties,
    start_ns: event.start_ns,
    end_ns: event.end_ns,
    decision_shift_ns: event.decision_shift_ns,
    speeds: event.speeds,
    view: event.view,
    links: event.links,
    pace: paceOf(event, wall_ms),
    panes,
    log: event.panes ? foldAll(event.panes) : EMPTY_LOG,
  };
}

function wholePane(pane: PaneWhole | undefined, wall_ms: number): Pane {
  return {
    up: pane?.up ?? false,
    at_ns: pane?.at_ns ?? 0,
    heard_ms: wall_ms,
    items: new Map((pane?.items ?? []).map((item) => [item.id, item])),
    sights: new Map((pane?.sights ?? []).map((sight) => [sight.key, sight])),
    trails: new Map(Object.entries(pane?.trails ?? {})),
  };
}

/** `pane`: what changed in one party's picture. */
export function withPane(picture: Picture, event: PaneEvent, wall_ms: number): Picture {
  const pane = picture.panes[event.party];
  if (!pane) {
    return picture;
  }
  const items = new Map(pane.items);
  const sights = new Map(pane.sights);
  const trails = new Map(pane.trails as ReadonlyMap<string, TrailPoint[]>);
  const each_max = Math.max(TRAIL_MIN, Math.min(TRAIL_MAX, Math.floor(TRAILS_MAX / (trails.size || 1))));
  const moved = (event.moved ?? []).flatMap((part) => {
    const known = items.get(part.id);
    return known ? [{ ...known, ...part }] : [];
  });
  for (const item of [...event.changed, ...moved]) {
    items.set(item.id, item);
    if (item.kind === 'track') {
      extend(trails, item.id, item, each_max);
    }
  }
  for (const sight of event.sights) {
    sights.set(sight.key, sight);
    if (sight.domain !== 'maritime') {
      extend(trails, sightTrail(sight.key), sight, each_max);
    }
  }
  for (const id of event.gone) {
    items.delete(id);
    trails.delete(id);
  }
  for (const key of event.sights_gone) {
    sights.delete(key);
    trails.delete(sightTrail(key));
  }
  const heard_ms = event.up ? wall_ms : pane.heard_ms;
  const changed: Pane = { up: event.up, at_ns: event.at_ns, heard_ms, items, sights, trails };
  return { ...picture, panes: { ...picture.panes, [event.party]: changed } };
}

/** Lengthens a trail where it lies: a copy of thousands of points for each new one would be all work and waste. */
function extend(
  trails: Map<string, TrailPoint[]>,
  key: string,
  { valid_ns, lat, lon, height_m }: Pick<Shown, 'valid_ns' | 'lat' | 'lon' | 'height_m'>,
  points_max: number,
): void {
  if (lat == null || lon == null) {
    return;
  }
  const trail = trails.get(key);
  if (!trail) {
    trails.set(key, [[valid_ns, lat, lon, height_m ?? 0]]);
    return;
  }
  const last = trail.at(-1);
  if (!last || valid_ns > last[0]) {
    trail.push([valid_ns, lat, lon, height_m ?? 0]);
    if (trail.length > points_max) {
      thin(trail);
    }
  }
}

/** Every second point goes; both ends stay, so that the path is whole however long it has been. */
export function thin(trail: TrailPoint[]): void {
  let kept = 1;
  for (let place = 2; place < trail.length - 1; place += 2) {
    trail[kept++] = trail[place];
  }
  trail[kept++] = trail[trail.length - 1];
  trail.length = kept;
}

/** `pace`: how the exercise's time runs. */
export const withPace = (picture: Picture, event: PaceEvent, wall_ms: number): Picture => ({
  ...picture,
  pace: paceOf(event, wall_ms),
});

/** `decisions`: more of one node's decisions. */
export const withDecisions = (picture: Picture, event: DecisionsEvent): Picture => ({
  ...picture,
  log: fold(picture.log, event.party, event.decisions),
});

/** `links`: which links are up. */
export const withLinks = (picture: Picture, event: LinksEvent): Picture => ({
  ...picture,
  links: event.links,
});

/** The warnings that a party holds; threats to what it watches over come first. */
export const warningsOf = (pane: Pane): Shown[] =>
  [...pane.items.values()]
    .filter(({ kind }) => kind === 'warning')
    .sort((one, other) => Number(Boolean(other.threat)) - Number(Boolean(one.threat)));

/** How many items each partner gave to a party. */
export function givenBy(pane: Pane): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { sender } of pane.items.values()) {
    if (sender !== null) {
      counts[sender] = (counts[sender] ?? 0) + 1;
    }
  }
  return counts;
}

/** Partners to whom a party's link is down, whichever end told. */
export function linksDown(links: readonly Link[], party: string): string[] {
  const down = links
    .filter(({ from, to, up }) => !up && (from === party || to === party))
    .map(({ from, to }) => (from === party ? to : from));
  return [...new Set(down)].sort();
}
