/** Made-up ships on made-up lanes through Danish waters, heard by one party or another. */

import type { Shown } from '../src/lib/types';
import { PARTIES, START_NS } from './flight.ts';

const LANES: readonly (readonly [number, number])[][] = [
  [
    [57.9, 8.2],
    [57.85, 10.4],
    [57.2, 11.4],
    [56.4, 11.9],
    [56.1, 12.5],
  ],
  [
    [57.2, 11.4],
    [56.3, 11.2],
    [55.6, 10.9],
    [54.7, 10.8],
    [54.5, 11.6],
    [54.6, 12.5],
    [55.1, 14.2],
    [55.5, 16.2],
  ],
  [
    [56.8, 7.2],
    [55.6, 7.3],
    [54.6, 7.6],
    [54.1, 8.0],
  ],
];
const M_PER_DEGREE = 111_200;

interface Ship {
  mmsi: string;
  lane: readonly (readonly [number, number])[];
  at: number;
  offLat: number;
  offLon: number;
  speed_m_per_s: number;
  backwards: boolean;
  every_s: number;
}

// The same ships each time: a small generator of Lehmer's with a fixed seed.
let seed = 20090405;
const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;

export function makeShips(count: number): Ship[] {
  return Array.from({ length: count }, (_, place) => ({
    mmsi: String(219_000_000 + place * 37),
    lane: LANES[Math.floor(random() * LANES.length)],
    at: random(),
    offLat: (random() - 0.5) * 0.35,
    offLon: (random() - 0.5) * 0.5,
    speed_m_per_s: random() < 0.25 ? 0 : 3 + random() * 7,
    backwards: random() < 0.5,
    every_s: random() < 0.06 ? 900 : 2 + Math.floor(random() * 10),
  }));
}

/** A ship as its newest report says; null when none came since `since_s`. */
export function shipAt(ship: Ship, at_s: number, since_s: number): Shown | null {
  const said_s = Math.floor(at_s / ship.every_s) * ship.every_s;
  if (said_s <= since_s && since_s >= 0) {
    return null;
  }
  const legs = ship.lane.length - 1;
  const gone = ship.at + (said_s * ship.speed_m_per_s) / (legs * 1.1 * M_PER_DEGREE);
  const along = (ship.backwards ? 1 - (gone % 1) : gone % 1) * legs;
  const leg = Math.min(legs - 1, Math.floor(along));
  const [from, to] = [ship.lane[leg], ship.lane[leg + 1]];
  const course = (Math.atan2((to[1] - from[1]) * 0.56, to[0] - from[0]) * 180) / Math.PI;
  const originator = PARTIES[Number(ship.mmsi) % 3];
  return {
    id: `${originator}-ship-${ship.mmsi}`,
    version: said_s + 1,
    kind: 'vessel',
    subject: ship.mmsi,
    domain: 'maritime',
    originator,
    originators: [originator],
    sender: null,
    form: null,
    status: 'simulated',
    valid_ns: START_NS + said_s * 1e9,
    marking: `${originator} UNCLASSIFIED`,
    lat: from[0] + (to[0] - from[0]) * (along - leg) + ship.offLat,
    lon: from[1] + (to[1] - from[1]) * (along - leg) + ship.offLon,
    name: Number(ship.mmsi) % 5 === 0 ? null : `MADE UP ${Number(ship.mmsi) % 1000}`,
    mmsi: ship.mmsi,
    course_deg: (course + (ship.backwards ? 180 : 0) + 360) % 360,
    speed_m_per_s: ship.speed_m_per_s,
  };
}
