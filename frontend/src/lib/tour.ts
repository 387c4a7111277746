/**
 * The guided tour of the flight of 2009 as a list of steps: what each shows, under which agreements, at which
 * second of the flight, and how long it is read. Nothing here acts; `tour.svelte.ts` does.
 */

import type { Values } from './fill';
import { distance } from './format';
import type { Key } from './i18n';
import { MEASURED } from './measured';
import type { Picture } from './picture';
import { sightTrail } from './picture';

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
  /** Where the maps look: a place, or the object that a party has. */
  look: Spot | string | null;
  view: Readonly<Record<string, string>>;
  read_s: number;
}

export const FLYING_SPEED = 60;
const CLOSE_M = 900_000;
const PAD: Spot = { lat: 40.86, lon: 131.5, span_m: CLOSE_M };
const ROUTE: Spot = { lat: 40, lon: 148, span_m: 4_200_000 };
const YEARS = ['separate-2009', 'hub-2014', 'direct-2016', 'realtime-2023'] as const;

export const STEPS: readonly Step[] = [
  step('welcome', 'sides', 'KOR', 'separate-2009', 0, ROUTE, 13, { restart: true }),
  step('launch', 'sides', 'KOR', 'separate-2009', 70, PAD, 11),
  step('korea', 'sides', 'KOR', 'separate-2009', 100, 'KOR', 13),
  step('japan', 'sides', 'JPN', 'separate-2009', 170, 'JPN', 11),
  step('apart', 'sides', 'KOR', 'separate-2009', 800, 'JPN', 15, { view: { only: '1' } }),
  step('bound', 'sides', 'USA', 'separate-2009', 800, 'USA', 13),
  step('matrix', 'agreements', 'KOR', 'separate-2009', 800, null, 14, { view: { cell: 'JPN-KOR' } }),
  step('hub', 'sides', 'KOR', 'hub-2014', 300, 'KOR', 15),
  step('direct', 'sides', 'KOR', 'direct-2016', 300, 'KOR', 13),
  step('realtime', 'sides', 'KOR', 'realtime-2023', 300, 'KOR', 13),
  step('worth', 'agreements', 'KOR', 'realtime-2023', 300, null, 18),
  step('tasks', 'sides', 'KOR', 'realtime-2023', 300, ROUTE, 0),
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
  return { id, room, party, regime, until_s, look, read_s, view: {}, ...more };
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
    flying += Math.max(0, one.until_s - (anew ? 0 : (before?.until_s ?? 0))) / FLYING_SPEED;
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
      const first_ns = picture.panes[party].trails.get(sightTrail(sight.key))?.[0]?.[0] ?? sight.valid_ns;
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
  const [party, seconds] = Object.entries(firsts).sort(([, one], [, other]) => one - other)[0] ?? [];
  const measured = YEARS.flatMap((regime) => {
    const { seen, error_m } = MEASURED[regime].KOR;
    const year = regime.slice(-4);
    return [
      [`seen${year}`, `${Math.round(seen * 100)} %`],
      [`error${year}`, distance(error_m)],
    ];
  });
  return {
    party: party ? name(party) : unknown,
    seconds: seconds ?? unknown,
    jpn: firsts.JPN ?? unknown,
    kor: firsts.KOR ?? unknown,
    ...Object.fromEntries(measured),
  };
}
