/** Small values for tests. */

import type { DecisionRow, Shown, ShownSight, StateEvent } from './types';

export const T0_NS = 1_238_898_600_000_000_000;

export const shown = (values: Partial<Shown> = {}): Shown => ({
  id: 'JPN-t1',
  version: 1,
  kind: 'track',
  subject: 'JPN-t1',
  domain: 'missile',
  originator: 'JPN',
  originators: ['JPN'],
  sender: null,
  form: null,
  status: 'simulated',
  valid_ns: T0_NS,
  marking: 'JPN GOKUHI',
  stage: 'boost',
  lat: 40,
  lon: 130,
  height_m: 1000,
  speed_m_per_s: 900,
  ellipse: { semi_major_m: 3000, semi_minor_m: 1000, bearing_deg: 10 },
  ...values,
});

export const sight = (values: Partial<ShownSight> = {}): ShownSight => ({
  key: 'o1',
  domain: 'missile',
  sources: ['USA', 'JPN'],
  speaker: null,
  stage: 'coast',
  confirmed: true,
  valid_ns: T0_NS,
  lat: 40,
  lon: 130,
  height_m: 1000,
  speed_m_per_s: 900,
  course_deg: 90,
  ellipse: null,
  height_sigma_m: null,
  ...values,
});

export const decision = (values: Partial<DecisionRow> = {}): DecisionRow => ({
  number: 1,
  item_id: 'JPN-t1',
  version: 1,
  kind: 'track',
  originator: 'JPN',
  subject: 'JPN-t1',
  sender: 'JPN',
  recipient: 'USA',
  via: null,
  outcome: 'permit',
  reasons: ['permitted'],
  clauses: ['us-japan-2007.toml#to-usa'],
  form: 'tracks',
  at_ns: T0_NS,
  decided_ns: T0_NS,
  ...values,
});

export const stateEvent = (values: Partial<StateEvent> = {}): StateEvent => ({
  title: 'A flight',
  subtitle: 'of a test',
  source: 'scenario',
  status: 'simulated',
  regimes: [{ name: 'separate-2009', title: 'Separate' }],
  regime: 'separate-2009',
  parties: ['JPN', 'KOR'],
  phase: 'running',
  message: '',
  start_ns: T0_NS,
  end_ns: T0_NS + 600e9,
  now_ns: T0_NS,
  decision_shift_ns: 0,
  speed: 20,
  paused: false,
  speeds: [1, 20],
  view: { lat: 40, lon: 135, span_m: 3e6 },
  links: [],
  panes: {
    JPN: {
      up: true,
      at_ns: T0_NS,
      items: [shown()],
      sights: [sight()],
      trails: { 'JPN-t1': [[T0_NS, 40, 130, 1000]] },
      decisions: [],
    },
    KOR: { up: true, at_ns: T0_NS, items: [], sights: [], trails: {}, decisions: [] },
  },
  ...values,
});
