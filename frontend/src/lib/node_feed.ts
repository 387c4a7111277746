/**
 * A node's own stream as the same `Picture` that an exercise has, with one pane, so that every part of the
 * page works at either door.
 *
 * `opened` begins a reading: the `picture` after it is the whole, and what it does not name is gone. What the
 * page drew before a break, such as trails, stays where the object still stands.
 */

import { EMPTY_LOG } from './fold';
import { withDecisions, withPane, type Pane, type Picture } from './picture';
import type { Feed } from './stream';
import type { DecisionRow, Link, Shown, ShownSight, View } from './types';

export interface OpenedWord {
  party: string;
  purpose: string;
  status: string;
  at_ns: number;
}

export interface PictureWord {
  at_ns: number;
  changed: Shown[];
  gone: string[];
  sights: ShownSight[];
  sights_gone: string[];
}

export interface ClockWord {
  now_ns: number;
  speed: number;
  /** Why the node cannot do its work; empty where it can. */
  problem: string;
  links: Link[];
}

/** Until something is seen: half a world, from its own middle longitude of the western Pacific. */
export const FIRST_VIEW: View = { lat: 25, lon: 140, span_m: 9e6 };
const SPAN_M_MIN = 1.2e6;
const METRES_PER_DEG = 111_195;

const EMPTY_PANE: Pane = {
  up: true,
  at_ns: 0,
  heard_ms: 0,
  items: new Map(),
  sights: new Map(),
  trails: new Map(),
};

/** A node's stream; each is for one connection after another of one page. */
export function nodeFeed(): Feed {
  let whole = true;
  return {
    address: '/stream?clock=1',
    words: ['opened', 'picture', 'decisions', 'clock', 'closed'],
    after: (picture, name, word, wall_ms) => {
      if (name === 'opened') {
        whole = true;
        return opened(picture, word as OpenedWord, wall_ms);
      }
      if (!picture) {
        return picture;
      }
      if (name === 'picture') {
        const first = whole;
        whole = false;
        return seen(picture, word as PictureWord, first, wall_ms);
      }
      if (name === 'clock') {
        return ticked(picture, word as ClockWord, wall_ms);
      }
      const { decisions } = name === 'decisions' ? (word as { decisions: DecisionRow[] }) : { decisions: [] };
      return withDecisions(picture, { party: picture.parties[0], decisions });
    },
  };
}

function opened(picture: Picture | null, word: OpenedWord, wall_ms: number): Picture {
  const { party, status, at_ns } = word;
  const before = picture?.panes[party];
  const pane: Pane = { ...(before ?? EMPTY_PANE), up: true, at_ns, heard_ms: wall_ms };
  return {
    title: party,
    subtitle: '',
    source: 'node',
    status,
    regimes: [],
    regime: '',
    struck: [],
    parties: [party],
    start_ns: at_ns,
    end_ns: at_ns,
    decision_shift_ns: 0,
    speeds: [],
    view: picture?.view ?? FIRST_VIEW,
    links: picture?.links ?? [],
    pace: { now_ns: at_ns, speed: 1, paused: false, phase: 'running', message: '', heard_ms: wall_ms },
    panes: { [party]: pane },
    // A node numbers its decisions from one again when it starts: the page folds them anew.
    log: EMPTY_LOG,
  };
}

function seen(picture: Picture, word: PictureWord, whole: boolean, wall_ms: number): Picture {
  const party = picture.parties[0];
  const before = picture.panes[party];
  const named = new Set(word.changed.map(({ id }) => id));
  const keys = new Set(word.sights.map(({ key }) => key));
  const gone = whole ? [...before.items.keys()].filter((id) => !named.has(id)) : word.gone;
  const sights_gone = whole ? [...before.sights.keys()].filter((key) => !keys.has(key)) : word.sights_gone;
  const after = withPane(picture, { ...word, party, up: true, gone, sights_gone }, wall_ms);
  return picture.view === FIRST_VIEW ? { ...after, view: viewOf(after.panes[party]) } : after;
}

function ticked(picture: Picture, { now_ns, speed, problem, links }: ClockWord, wall_ms: number): Picture {
  const party = picture.parties[0];
  // Nothing came since: so it stands now as it stood.
  const pane = { ...picture.panes[party], up: true, at_ns: now_ns, heard_ms: wall_ms };
  const phase = problem ? 'failed' : 'running';
  return {
    ...picture,
    links,
    pace: { now_ns, speed, paused: speed === 0, phase, message: problem, heard_ms: wall_ms },
    panes: { [party]: pane },
  };
}

/** A view that has in it all that has a place; the first one where nothing has. */
export function viewOf(pane: Pane): View {
  const placed = [...pane.items.values(), ...pane.sights.values()].filter(
    (one): one is typeof one & { lat: number; lon: number } => one.lat != null && one.lon != null,
  );
  if (placed.length === 0) {
    return FIRST_VIEW;
  }
  const lats = placed.map(({ lat }) => lat);
  // Longitudes around the first, so that what lies on both sides of the date line stays together.
  const around = placed[0].lon;
  const lons = placed.map(({ lon }) => around + ((((lon - around + 180) % 360) + 360) % 360) - 180);
  const [south, north, west, east] = [Math.min(...lats), Math.max(...lats), Math.min(...lons), Math.max(...lons)];
  const lat = (south + north) / 2;
  const wide_m = (east - west) * METRES_PER_DEG * Math.cos((lat * Math.PI) / 180);
  return {
    lat,
    lon: ((((west + east) / 2 + 540) % 360) + 360) % 360 - 180,
    span_m: Math.min(FIRST_VIEW.span_m, Math.max(SPAN_M_MIN, 2 * wide_m, 2 * (north - south) * METRES_PER_DEG)),
  };
}

/** The picture of a node that is not heard: as it was, and said to be so. */
export function unheard(picture: Picture | null): Picture | null {
  const party = picture?.parties[0];
  return picture && party !== undefined
    ? { ...picture, panes: { [party]: { ...picture.panes[party], up: false } } }
    : picture;
}
