/**
 * A made-up flight and what three parties make of it: enough to look at the page, and nothing more. No
 * figure here is anyone's; the real scenarios and rules are in Python.
 */

import type { DecisionRow, Shown, ShownSight } from '../src/lib/types';

export const START_NS = Date.UTC(2009, 3, 5, 2, 30, 0) * 1e6;
export const LENGTH_S = 780;
export const PARTIES = ['JPN', 'KOR', 'USA'] as const;
export type Code = (typeof PARTIES)[number];

const PAD = { lat: 40.86, lon: 129.67 };
const BEARING = 93;
const DEGREE = Math.PI / 180;
const RADIUS_M = 6_371_000;
const LAUNCH_S = 15;
const FALL_S = 745;
const RANGE_M = 3_200_000;
const APEX_M = 480_000;

/** When each party's sensors see it, how well, and where they think it is beside the truth. */
const SENSORS: Readonly<Record<Code, { from_s: number; to_s: number; sigma_m: number; off_deg: number }>> = {
  JPN: { from_s: 95, to_s: 640, sigma_m: 900, off_deg: 0.02 },
  KOR: { from_s: 48, to_s: 330, sigma_m: 1_900, off_deg: -0.04 },
  USA: { from_s: 60, to_s: 720, sigma_m: 1_200, off_deg: 0.03 },
};

interface Rule {
  passes: boolean;
  via: Code | null;
  form: string;
  reason: string;
  clause: string;
  /** Seconds of the replay before an officer has approved. */
  approved_s: number;
}

const REFUSED = { passes: false, via: null, form: '', approved_s: 0 };
const ALLIED: Rule = {
  passes: true,
  via: null,
  form: 'tracks',
  reason: 'permitted',
  clause: 'us-ally.toml#to-usa',
  approved_s: 0,
};

/** Between Japan and Korea, by regime. */
const BETWEEN_ALLIES: Readonly<Record<string, Rule>> = {
  'separate-2009': { ...REFUSED, reason: 'no-agreement', clause: '' },
  'hub-2014': {
    passes: true,
    via: 'USA',
    form: 'coarse-tracks',
    reason: 'permitted-with-consent',
    clause: 'three-way-2014.toml#4-tracks',
    approved_s: 200,
  },
  'direct-2016': {
    passes: true,
    via: null,
    form: 'tracks',
    reason: 'permitted-with-consent',
    clause: 'japan-korea-2016.toml#9-tracks',
    approved_s: 150,
  },
  'realtime-2023': {
    passes: true,
    via: 'USA',
    form: 'tracks',
    reason: 'permitted',
    clause: 'realtime-2023.toml#2-path',
    approved_s: 0,
  },
  multilateral: {
    passes: true,
    via: null,
    form: 'tracklets',
    reason: 'permitted',
    clause: 'multilateral.toml#1-tracklets',
    approved_s: 0,
  },
};

const instant = (at_s: number): number => START_NS + Math.floor(at_s) * 1e9;

/** The point so many metres from the pad along the flight. */
function downrange(along_m: number): { lat: number; lon: number } {
  const [far, lat0, bearing] = [along_m / RADIUS_M, PAD.lat * DEGREE, BEARING * DEGREE];
  const lat = Math.asin(Math.sin(lat0) * Math.cos(far) + Math.cos(lat0) * Math.sin(far) * Math.cos(bearing));
  const lon =
    PAD.lon * DEGREE +
    Math.atan2(
      Math.sin(bearing) * Math.sin(far) * Math.cos(lat0),
      Math.cos(far) - Math.sin(lat0) * Math.sin(lat),
    );
  return { lat: lat / DEGREE, lon: lon / DEGREE };
}

/** Where the vehicle is: a parabola that starts slowly. */
function truth(at_s: number) {
  const share = Math.max(0, Math.min(1, (at_s - LAUNCH_S) / (FALL_S - LAUNCH_S)));
  const eased = share < 0.2 ? (share * share) / 0.36 : (share - 0.1) / 0.9;
  const stage = share < 0.32 ? 'boost' : share < 0.85 ? 'coast' : 'reentry';
  return {
    ...downrange(eased * RANGE_M),
    height_m: 4 * APEX_M * eased * (1 - eased),
    speed_m_per_s: Math.min(4_300, 200 + share * 14_000),
    stage,
  };
}

const head = (originator: Code, kind: string, name: string, at_s: number) => ({
  id: `${originator}-${name}`,
  version: Math.max(1, Math.floor(at_s)),
  kind,
  subject: `${originator}-t1`,
  domain: 'missile',
  originator,
  originators: [originator],
  sender: null,
  form: null,
  status: 'simulated' as const,
  valid_ns: instant(at_s),
  marking: `${originator} SECRET`,
});

/** What a party publishes from its own sensors at an instant. */
function ownItems(party: Code, at_s: number): Shown[] {
  const { from_s, to_s, sigma_m, off_deg } = SENSORS[party];
  if (at_s < from_s) {
    return [];
  }
  const seen_s = Math.min(at_s, to_s);
  const there = truth(seen_s);
  const fall = downrange(RANGE_M);
  const items: Shown[] = [
    {
      ...head(party, 'track', 't1', seen_s),
      ...there,
      lat: there.lat + off_deg,
      course_deg: BEARING,
      climb_m_per_s: 0,
      ellipse: { semi_major_m: 12 * sigma_m, semi_minor_m: 5 * sigma_m, bearing_deg: 60 },
      height_sigma_m: 2 * sigma_m,
    },
    {
      ...head(party, 'event', 't1-launch', from_s + 6),
      event: 'launch',
      time_sigma_ms: 3_000,
      ...PAD,
      lat: PAD.lat + off_deg,
      ellipse: { semi_major_m: 14 * sigma_m, semi_minor_m: 8 * sigma_m, bearing_deg: 20 },
    },
  ];
  if (seen_s > from_s + 70) {
    const spread_m = 9e7 / (seen_s - from_s);
    items.push({
      ...head(party, 'area', 't1-impact', seen_s),
      area: 'impact',
      lat: fall.lat + off_deg * 6,
      lon: fall.lon,
      ellipse: { semi_major_m: spread_m, semi_minor_m: spread_m / 4, bearing_deg: BEARING },
      expected_ns: instant(FALL_S + off_deg * 300),
      time_sigma_ms: 9_000,
    });
    items.push({
      ...head(party, 'warning', 'w1', from_s + 70),
      warning: 'launch',
      state: party === 'KOR' && at_s > 420 ? 'retracted' : at_s > 260 ? 'confirmed' : 'raised',
      sources: at_s > 260 ? [...PARTIES] : [party],
      text: 'made up',
      lat: null,
      lon: null,
    });
  }
  return items;
}

function ruleFor(regime: string, from: Code, to: Code): Rule {
  return from === 'USA' || to === 'USA' ? ALLIED : BETWEEN_ALLIES[regime];
}

/** A partner's item as the recipient has it; none while it is withheld or not approved. */
function given(item: Shown, rule: Rule, at_s: number): Shown | null {
  if (!rule.passes || at_s < rule.approved_s) {
    return null;
  }
  const sender = rule.via ?? item.originator;
  if (rule.form !== 'coarse-tracks' || item.kind !== 'track') {
    return { ...item, sender, form: rule.form };
  }
  const old_s = Math.floor(at_s / 30) * 30 - 2;
  const there = truth(old_s);
  return {
    ...item,
    ...there,
    sender,
    form: rule.form,
    valid_ns: instant(old_s),
    ellipse: { semi_major_m: 60_000, semi_minor_m: 40_000, bearing_deg: 0 },
    height_sigma_m: 12_000,
  };
}

/** All that a party holds. */
export function itemsAt(regime: string, party: Code, at_s: number): Shown[] {
  return PARTIES.flatMap((originator) => {
    const items = ownItems(originator, at_s);
    if (originator === party) {
      return items;
    }
    const rule = ruleFor(regime, originator, party);
    const passed = items.map((item) => given(item, rule, at_s)).filter((item) => item !== null);
    // The United States gives its allies areas, events and warnings.
    const fromUsa = originator === 'USA' && regime !== 'multilateral';
    return fromUsa ? passed.filter(({ kind }) => kind !== 'track') : passed;
  });
}

/** The object that a party's tracks make together. */
export function sightsAt(items: readonly Shown[], at_s: number): ShownSight[] {
  const tracks = items.filter(({ kind }) => kind === 'track');
  if (tracks.length === 0) {
    return [];
  }
  const newest = Math.max(...tracks.map(({ valid_ns }) => valid_ns));
  const there = truth(Math.min(at_s, (newest - START_NS) / 1e9));
  return [
    {
      key: 't1',
      domain: 'missile',
      sources: tracks.map(({ originator }) => originator),
      speaker: tracks[0]?.originator ?? null,
      stage: there.stage,
      confirmed: tracks.length > 1,
      valid_ns: newest,
      lat: there.lat,
      lon: there.lon,
      height_m: there.height_m,
      speed_m_per_s: there.speed_m_per_s,
      course_deg: BEARING,
      ellipse: { semi_major_m: 9_000 / tracks.length, semi_minor_m: 4_000 / tracks.length, bearing_deg: 60 },
      height_sigma_m: 1_500 / tracks.length,
    },
  ];
}

let number = 0;

/** What a party decides about its own items at an instant, for each of its partners. */
export function decisionsAt(regime: string, party: Code, at_s: number, shift_ns: number): DecisionRow[] {
  return ownItems(party, at_s).flatMap((item) =>
    PARTIES.filter((recipient) => recipient !== party).map((recipient) => {
      const rule = ruleFor(regime, party, recipient);
      const waits = rule.passes && at_s < rule.approved_s;
      return {
        number: ++number,
        item_id: item.id,
        version: item.version,
        kind: item.kind,
        originator: party,
        subject: item.subject,
        sender: party,
        recipient,
        via: rule.via,
        outcome: waits ? 'refer' : rule.passes ? 'permit' : 'withhold',
        reasons: [waits ? 'consent-needed' : rule.reason],
        clauses: rule.clause ? [rule.clause] : [],
        form: rule.passes && !waits ? rule.form : null,
        at_ns: instant(at_s),
        decided_ns: instant(at_s) + shift_ns,
      };
    }),
  );
}
