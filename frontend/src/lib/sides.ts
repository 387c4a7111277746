/**
 * The parties' pictures beside each other: which object in one is which in another, who lacks it, and why.
 *
 * Each party names its objects itself, so objects of two pictures are held to be one where they are nearer to
 * each other than their own 3-sigma regions, their movement since and a small allowance reach. Ships are one
 * where their number is. Nothing of this exists at any party: only an exercise's observer may lay pictures
 * side by side.
 */

import type { DecisionLog, Run } from './fold';
import type { Pane } from './picture';
import { sightTrail } from './picture';
import type { DecisionRow, ShownSight } from './types';

/** An object as one party has it. */
export interface Held {
  /** For selection: `sight:KEY` or an item's id. */
  id: string;
  sources: readonly string[];
  sigma_m: number | null;
  valid_ns: number;
  /** Since when the party has it. */
  first_ns: number;
  lat: number;
  lon: number;
  height_m: number;
  speed_m_per_s: number;
}

/** Why a party lacks an object, as far as it was decided on: the best answer on the way from one originator. */
export interface Lack {
  originator: string;
  /** Null where nobody has decided yet. */
  decision: DecisionRow | null;
}

export interface Thing {
  key: string;
  /** `object`, or the kind of an item. */
  kind: string;
  sort: { group: string; code: string } | null;
  name: string;
  by: Readonly<Record<string, Held | null>>;
}

export type Panes = Readonly<Record<string, Pane>>;

const EARTH_M = 6_371_008.8;
const ALLOWED_M = 3_000;
/** Nothing moves further between two pictures than this is worth of its speed. */
const APART_S_MAX = 30;
/** From here on a party's region counts as clearly coarser. */
export const COARSER_FROM = 1.5;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Straight distance of two places on a sphere with their heights, metres: enough to tell objects apart. */
export function apart_m(one: Held, other: Held): number {
  const half = Math.sin(radians(other.lat - one.lat) / 2) ** 2;
  const across =
    Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * Math.sin(radians(other.lon - one.lon) / 2) ** 2;
  const ground_m = 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half + across)));
  return Math.hypot(ground_m, other.height_m - one.height_m);
}

function mayBeOne(one: Held, other: Held): boolean {
  const seconds = Math.min(APART_S_MAX, Math.abs(one.valid_ns - other.valid_ns) / 1e9);
  const speed = Math.max(one.speed_m_per_s, other.speed_m_per_s);
  const reach_m = (one.sigma_m ?? 0) + (other.sigma_m ?? 0) + speed * seconds + ALLOWED_M;
  return apart_m(one, other) <= reach_m;
}

/**
 * Since when a party has an object: where its trail begins, or that of the party's own track of it, which bears
 * its name and outlasts a pause in which the object was lost.
 */
export function firstSeenOf(party: string, sight: ShownSight, pane: Pane): number {
  const trails = [pane.trails.get(sightTrail(sight.key)), pane.trails.get(`${party}-${sight.key}`)];
  const starts = trails.flatMap((trail) => (trail?.[0] ? [trail[0][0]] : []));
  return starts.length > 0 ? Math.min(...starts) : sight.valid_ns;
}

function heldSight(party: string, sight: ShownSight, pane: Pane): Held | null {
  if (sight.lat === null || sight.lon === null) {
    return null;
  }
  const id = sightTrail(sight.key);
  return {
    id,
    sources: sight.sources,
    sigma_m: sight.ellipse?.semi_major_m ?? null,
    valid_ns: sight.valid_ns,
    first_ns: firstSeenOf(party, sight, pane),
    lat: sight.lat,
    lon: sight.lon,
    height_m: sight.height_m ?? 0,
    speed_m_per_s: sight.speed_m_per_s ?? 0,
  };
}

interface Group {
  stage: string | null;
  by: Map<string, Held>;
}

/** What flies: the parties' fused objects, each in one group with what may be the same elsewhere. */
function objectsOf(parties: readonly string[], panes: Panes): Group[] {
  const groups: Group[] = [];
  for (const party of parties) {
    const pane = panes[party];
    for (const sight of pane?.sights.values() ?? []) {
      const held = sight.domain === 'maritime' || !sight.confirmed ? null : heldSight(party, sight, pane);
      if (!held) {
        continue;
      }
      const near = groups
        .filter(({ by }) => !by.has(party) && [...by.values()].some((other) => mayBeOne(held, other)))
        .map((group) => ({ group, away: Math.min(...[...group.by.values()].map((other) => apart_m(held, other))) }))
        .sort((one, other) => one.away - other.away)[0];
      if (near) {
        near.group.by.set(party, held);
      } else {
        groups.push({ stage: sight.stage, by: new Map([[party, held]]) });
      }
    }
  }
  return groups;
}

const ITEM_KINDS: readonly string[] = ['warning', 'event', 'area', 'vessel'];

/** What is told as items: warnings, events and areas by their name, ships by their number. */
function itemsOf(parties: readonly string[], panes: Panes): Map<string, Thing & { by: Record<string, Held | null> }> {
  const things = new Map<string, Thing & { by: Record<string, Held | null> }>();
  for (const party of parties) {
    for (const item of panes[party]?.items.values() ?? []) {
      // A watch area is of its own staff alone: that another lacks it is no difference of agreements.
      if (!ITEM_KINDS.includes(item.kind) || item.area === 'watch') {
        continue;
      }
      const key = item.kind === 'vessel' && item.mmsi ? `vessel:${item.mmsi}` : item.id;
      const code = item.event ?? item.area ?? item.warning;
      const thing = things.get(key) ?? {
        key,
        kind: item.kind,
        sort: code ? { group: item.kind, code } : null,
        name: item.name || item.mmsi || item.subject,
        by: {},
      };
      thing.by[party] = {
        id: item.id,
        sources: [item.originator],
        sigma_m: item.ellipse?.semi_major_m ?? null,
        valid_ns: item.valid_ns,
        first_ns: item.valid_ns,
        lat: item.lat ?? 0,
        lon: item.lon ?? 0,
        height_m: item.height_m ?? 0,
        speed_m_per_s: item.speed_m_per_s ?? 0,
      };
      things.set(key, thing);
    }
  }
  return things;
}

const filled = (parties: readonly string[], by: (party: string) => Held | null): Record<string, Held | null> =>
  Object.fromEntries(parties.map((party) => [party, by(party)]));

/** Everything that some party has, with who has it: objects first, then items by kind. */
export function thingsOf(parties: readonly string[], panes: Panes): Thing[] {
  const objects = objectsOf(parties, panes).map(({ by, stage }, place) => ({
    // Parties name their objects alike: who has it first in the list makes the name one.
    key: [...by].slice(0, 1).map(([party, { id }]) => `${party}|${id}`).join(),
    kind: 'object',
    sort: stage ? { group: 'stage', code: stage } : null,
    name: String(place + 1),
    by: filled(parties, (party) => by.get(party) ?? null),
  }));
  const items = [...itemsOf(parties, panes).values()].map((thing) => ({
    ...thing,
    by: filled(parties, (party) => thing.by[party] ?? null),
  }));
  items.sort(
    (one, other) =>
      ITEM_KINDS.indexOf(one.kind) - ITEM_KINDS.indexOf(other.kind) || one.key.localeCompare(other.key),
  );
  return [...objects, ...items];
}

/** How many times as large a party's region is as the smallest; null where there is none to compare. */
export function ratioOf(thing: Thing, party: string): number | null {
  const sizes = Object.values(thing.by).map((held) => held?.sigma_m ?? null);
  const known = sizes.filter((size): size is number => size !== null && size > 0);
  const own = thing.by[party]?.sigma_m ?? null;
  return own === null || known.length < 2 ? null : own / Math.min(...known);
}

/** Whether the parties' pictures of a thing differ: somebody lacks it, or has it clearly coarser. */
export const differs = (thing: Thing): boolean =>
  Object.entries(thing.by).some(
    ([party, held]) => held === null || (ratioOf(thing, party) ?? 1) >= COARSER_FROM,
  );

const RANK: Readonly<Record<string, number>> = { withhold: 0, refer: 1, permit: 2 };

/**
 * Why a party lacks a thing: of each originator whose data others have it from, the best answer that was given
 * on the way to the party; of equal ones the newest.
 */
export function lacksOf(thing: Thing, party: string, log: DecisionLog): Lack[] {
  if (thing.by[party] !== null) {
    return [];
  }
  const originators = [...new Set(Object.values(thing.by).flatMap((held) => held?.sources ?? []))].sort();
  const ids = new Set(Object.values(thing.by).map((held) => held?.id ?? ''));
  const about = ({ latest }: Run): boolean =>
    thing.kind === 'object'
      ? latest.kind === 'track'
      : thing.kind === 'vessel'
        ? latest.kind === 'vessel'
        : ids.has(latest.item_id);
  return originators
    .filter((originator) => originator !== party)
    .map((originator) => {
      const runs = log.runs.filter(
        (run) => run.latest.recipient === party && run.latest.originator === originator && about(run),
      );
      runs.sort(
        (one, other) =>
          (RANK[other.latest.outcome] ?? 0) - (RANK[one.latest.outcome] ?? 0) ||
          other.latest.at_ns - one.latest.at_ns,
      );
      return { originator, decision: runs[0]?.latest ?? null };
    });
}

export interface Count {
  has: number;
  lacks: number;
  coarser: number;
  alone: number;
}

/** How many things a party has, lacks, has clearly coarser than somebody, and has alone. */
export function countsOf(things: readonly Thing[], party: string): Count {
  const has = things.filter(({ by }) => by[party]);
  return {
    has: has.length,
    lacks: things.length - has.length,
    coarser: has.filter((thing) => (ratioOf(thing, party) ?? 1) >= COARSER_FROM).length,
    alone: has.filter(({ by }) => Object.values(by).filter(Boolean).length === 1).length,
  };
}

/** Who had a thing first, to the second, and when; several where they are equal, none where nobody has it. */
export function firstOf(thing: Thing): { parties: string[]; first_ns: number } {
  const held = Object.entries(thing.by).filter((entry): entry is [string, Held] => entry[1] !== null);
  const first_ns = Math.min(...held.map(([, one]) => one.first_ns));
  const parties = held.filter(([, one]) => one.first_ns - first_ns < 1e9).map(([party]) => party);
  return { parties, first_ns };
}

/** Where something is that a party lacks, for its map. */
export interface Ghost {
  lat: number;
  lon: number;
  height_m: number;
  /** Who has it. */
  codes: readonly string[];
}

/** What a party's map would show, were everything given: its lacking objects, and ships, where others have them. */
export function ghostsOf(things: readonly Thing[], party: string): Ghost[] {
  return things
    .filter(({ kind, by }) => by[party] === null && (kind === 'object' || kind === 'vessel'))
    .map(({ by }) => {
      const others = Object.entries(by).filter((entry): entry is [string, Held] => entry[1] !== null);
      const best = others.map(([, held]) => held).sort((one, other) => (one.sigma_m ?? 1e12) - (other.sigma_m ?? 1e12))[0];
      return { lat: best.lat, lon: best.lon, height_m: best.height_m, codes: others.map(([code]) => code) };
    });
}
