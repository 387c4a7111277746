/**
 * What the exercise observer sends, as it comes over the wire.
 *
 * Instants are UTC nanoseconds. They arrive as JSON numbers beyond 2^53, so they are right to about 256 ns:
 * enough for a clock on a screen, not enough to name a moment in the ledger.
 * Lengths are metres, angles degrees; bearings and courses run clockwise from true north.
 */

export interface Ellipse {
  semi_major_m: number;
  semi_minor_m: number;
  bearing_deg: number;
}

/** What one party says in a disagreement, and the item that says so. */
export interface Account {
  party: string;
  subject: string;
  basis: string;
  time_ns: number | null;
  time_sigma_ms: number;
  reach_m: number;
  lat: number | null;
  lon: number | null;
}

/** What a watch area is called in each language. */
export interface Names {
  en: string;
  ja: string;
  ko: string;
}

/** How probable it is, from 0 to 1, that an object comes down in a watch area or flies over it, and when. */
export interface Threat {
  area: string;
  names: Names;
  impact: number;
  overflight: number;
  first_ns: number;
  last_ns: number;
}

/** An item as the observer may see it. Fields that do not apply to its kind are absent or null. */
export interface Shown {
  id: string;
  version: number;
  kind: string;
  subject: string;
  domain: string;
  originator: string;
  originators: string[];
  /** Who gave it to this node; null for its own. */
  sender: string | null;
  form: string | null;
  status: string;
  valid_ns: number;
  marking: string;
  lat?: number | null;
  lon?: number | null;
  height_m?: number | null;
  height_sigma_m?: number | null;
  speed_m_per_s?: number | null;
  course_deg?: number | null;
  climb_m_per_s?: number | null;
  /** Of a track 3 sigma, of an event or area 95 %. */
  ellipse?: Ellipse | null;
  stage?: string | null;
  event?: string;
  time_sigma_ms?: number | null;
  area?: string;
  polygon?: [number, number][] | null;
  expected_ns?: number | null;
  warning?: string;
  state?: string;
  sources?: string[];
  /** Who of the sources announces it; the others contribute. */
  speaker?: string | null;
  text?: string;
  threat?: Threat;
  /** Of a watch area. */
  names?: Names;
  disagreement?: string;
  accounts?: Account[];
  since_ns?: number;
  name?: string | null;
  mmsi?: string;
  /** `agreement@version` of each agreement under which the party received it. */
  under?: string[];
}

/** One object as the party's picture has it, fused from all that the party may use. */
export interface ShownSight {
  key: string;
  domain: string;
  sources: string[];
  /** Who of the sources announces it; null where no rule says. */
  speaker: string | null;
  stage: string | null;
  confirmed: boolean;
  valid_ns: number;
  lat: number | null;
  lon: number | null;
  height_m: number | null;
  speed_m_per_s: number | null;
  course_deg: number | null;
  ellipse: Ellipse | null;
  height_sigma_m: number | null;
}

export interface DecisionRow {
  number: number;
  item_id: string;
  version: number;
  kind: string;
  originator: string;
  subject: string;
  sender: string;
  recipient: string;
  via: string | null;
  outcome: string;
  reasons: string[];
  clauses: string[];
  form: string | null;
  at_ns: number;
  decided_ns: number;
}

/** Instant, latitude, longitude, height. */
export type TrailPoint = [number, number, number, number];

export interface Link {
  from: string;
  to: string;
  up: boolean;
}

export interface View {
  lat: number;
  lon: number;
  span_m: number;
}

export interface RegimeName {
  name: string;
  title: string;
}

export type Phase = 'starting' | 'running' | 'ended' | 'failed';

export interface StateEvent {
  title: string;
  subtitle: string;
  source: string;
  status: string;
  regimes: RegimeName[];
  regime: string;
  /** Clauses that are left out of it, each as `file#id`. */
  struck?: string[];
  parties: string[];
  phase: Phase;
  message: string;
  start_ns: number;
  end_ns: number;
  now_ns: number;
  decision_shift_ns: number;
  speed: number;
  paused: boolean;
  speeds: number[];
  view: View;
  links: Link[];
  panes: Record<string, PaneWhole>;
}

export interface PaneWhole {
  up: boolean;
  at_ns: number;
  items: Shown[];
  sights: ShownSight[];
  trails: Record<string, TrailPoint[]>;
  /** Newest first. */
  decisions: DecisionRow[];
}

export interface PaneEvent {
  party: string;
  at_ns: number;
  up: boolean;
  changed: Shown[];
  /** Of items that were told: what is new. */
  moved?: (Partial<Shown> & Pick<Shown, 'id'>)[];
  gone: string[];
  sights: ShownSight[];
  sights_gone: string[];
}

export interface PaceEvent {
  now_ns: number;
  speed: number;
  paused: boolean;
  phase: Phase;
  message: string;
}

export interface DecisionsEvent {
  party: string;
  /** Newest last. */
  decisions: DecisionRow[];
}

export interface LinksEvent {
  links: Link[];
}

export type Control = { paused: boolean } | { speed: number } | { regime: string } | { restart: true } | { strike: string[] };
