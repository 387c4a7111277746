/**
 * What the exercise observer sends, as it comes over the wire.
 *
 * Instants are UTC nanoseconds. They arrive as JSON numbers beyond 2^53, so they are right to about 256 ns:
 * enough for a clock on a screen, not enough to name a moment in the ledger.
 * Lengths are metres, angles degrees; bearings and courses run clockwise from true north.
 */

import type { DecisionRow, Shown, ShownAccount, ShownEllipse, ShownNames, ShownSight, ShownThreat } from './api';

export type { DecisionRow, Shown, ShownSight };
export type Account = ShownAccount;
export type Ellipse = ShownEllipse;
export type Names = ShownNames;
export type Threat = ShownThreat;

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
