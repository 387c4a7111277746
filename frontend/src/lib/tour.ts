/**
 * The guided tour of the flight of 2009 as a list of steps: what each shows, under which agreements, at which
 * second of the flight, and how long it is read. Nothing here acts; `tour.svelte.ts` does.
 */

import type { Values } from './fill';
import { distance } from './format';
import type { Key } from './i18n';
import { MEASURED } from './measured';
import type { Picture } from './picture';
import { firstSeenOf } from './sides';

export interface Spot {
  lat: number;
  lon: number;
  span_m: number;
}

export interface Step {
  id: string;
  room: string;
  /** Where the user stands meanwhile. */
  party: string;
  regime: string;
  /** Begins the replay anew. */
  restart?: boolean;
  /** The replay runs until this second after the launch, and stands there. */
  until_s: number;
  /** How fast it runs there, seconds of the flight in one of the world. */
  speed: number;
  /** Where the maps look: a place, or the object that a party has. */
  look: Spot | string | null;
  view: Readonly<Record<string, string>>;
  read_s: number;
}

const FLYING_SPEED = 30;
/** As slow as the table of who had it first needs. */
const SLOW = 10;
const CLOSE_M = 900_000;
const PAD: Spot = { lat: 40.86, lon: 131.5, span_m: CLOSE_M };
const ROUTE: Spot = { lat: 40, lon: 148, span_m: 4_200_000 };
const YEARS = ['separate-2009', 'hub-2014', 'direct-2016', 'realtime-2023'] as const;

export const STEPS: readonly Step[] = [
  step('welcome', 'sides', 'KOR', 'separate-2009', 0, ROUTE, 11, { restart: true, speed: SLOW }),
  step('launch', 'sides', 'KOR', 'separate-2009', 80, PAD, 10, { speed: SLOW }),
  step('korea', 'sides', 'KOR', 'separate-2009', 110, 'KOR', 12),
  step('japan', 'sides', 'JPN', 'separate-2009', 150, 'JPN', 10),
  step('apart', 'sides', 'KOR', 'separate-2009', 500, 'JPN', 14, { view: { only: '1' } }),
  step('bound', 'sides', 'USA', 'separate-2009', 500, 'USA', 12),
  step('matrix', 'agreements', 'KOR', 'separate-2009', 500, null, 13, { view: { cell: 'JPN-KOR' } }),
  step('hub', 'sides', 'KOR', 'hub-2014', 250, 'KOR', 14),
  step('direct', 'sides', 'KOR', 'direct-2016', 220, 'KOR', 12),
  step('realtime', 'sides', 'KOR', 'realtime-2023', 200, 'KOR', 12),
  step('worth', 'agreements', 'KOR', 'realtime-2023', 200, null, 16),
  step('tasks', 'sides', 'KOR', 'realtime-2023', 200, ROUTE, 0),
];

function step(
  id: string,
  room: string,
  party: string,
  regime: string,
  until_s: number,
  look: Spot | string | null,
  read_s: number,
  more: Partial<Step> = {},
): Step {
  return { id, room, party, regime, until_s, speed: FLYING_SPEED, look, read_s, view: {}, ...more };
}

export const TASKS: readonly Key[] = ['tour.task.first', 'tour.task.why', 'tour.task.give'];

export const titleOf = ({ id }: Step): Key => `tour.${id}.title` as Key;
export const textOf = ({ id }: Step): Key => `tour.${id}.text` as Key;

/** Whether the exercise that runs is one that the tour can show. */
export const canTour = (picture: Picture | null): boolean =>
  picture !== null &&
  ['JPN', 'KOR', 'USA'].every((party) => picture.parties.includes(party)) &&
  STEPS.every(({ regime }) => picture.regimes.some(({ name }) => name === regime));

/** How long it takes by itself, seconds, but for the last step, which stays. */
export const lengthOf = (steps: readonly Step[]): number => {
  let [reading, flying] = [0, 0];
  let before: Step | null = null;
  for (const one of steps) {
    const anew: boolean = !before || one.restart === true || one.regime !== before.regime;
    flying += Math.max(0, one.until_s - (anew ? 0 : (before?.until_s ?? 0))) / one.speed;
    reading += one.read_s;
    before = one;
  }
  return reading + flying;
};

/** Seconds after the launch from which each party has held something that flies; parties without are left out. */
export function firstSights(picture: Picture): Record<string, number> {
  const found: Record<string, number> = {};
  for (const party of picture.parties) {
    for (const sight of picture.panes[party]?.sights.values() ?? []) {
      if (sight.domain === 'maritime') {
        continue;
      }
      const first_ns = firstSeenOf(party, sight, picture.panes[party]);
      const seconds = Math.round((first_ns - picture.start_ns) / 1e9);
      found[party] = Math.min(found[party] ?? Infinity, seconds);
    }
  }
  return found;
}

/** Where the surest flying object of a party is; null where it has none. */
export function objectOf(picture: Picture, party: string): Spot | null {
  const flying = [...(picture.panes[party]?.sights.values() ?? [])].filter(
    ({ domain, lat, lon }) => domain !== 'maritime' && lat !== null && lon !== null,
  );
  const best = flying.sort(
    (one, other) => (one.ellipse?.semi_major_m ?? 1e12) - (other.ellipse?.semi_major_m ?? 1e12),
  )[0];
  return best ? { lat: best.lat as number, lon: best.lon as number, span_m: CLOSE_M * 1.6 } : null;
}

/** What the texts fill in: seconds of this replay, and what was measured of Korea under each regime. */
export function valuesOf(picture: Picture, unknown: string, name: (party: string) => string): Values {
  const firsts = firstSights(picture);
  const seconds = Math.min(...Object.values(firsts));
  const parties = Object.keys(firsts).filter((party) => firsts[party] === seconds);
  const measured = YEARS.flatMap((regime) => {
    const { seen, error_m } = MEASURED[regime].KOR;
    const year = regime.slice(-4);
    return [
      [`seen${year}`, `${Math.round(seen * 100)} %`],
      [`error${year}`, distance(error_m)],
    ];
  });
  return {
    party: parties.length > 0 ? parties.map(name).join(', ') : unknown,
    seconds: parties.length > 0 ? seconds : unknown,
    jpn: firsts.JPN ?? unknown,
    kor: firsts.KOR ?? unknown,
    ...Object.fromEntries(measured),
  };
}
