/** The made-up exercise: its clock, its controls, and what it says on the stream. */

import type {
  Control,
  DecisionRow,
  PaneEvent,
  Shown,
  ShownSight,
  StateEvent,
  TrailPoint,
} from '../src/lib/types';
import { decisionsAt, itemsAt, LENGTH_S, PARTIES, sightsAt, START_NS, type Code } from './flight.ts';
import { makeShips, shipAt } from './ships.ts';

export type Scenario = 'rocket' | 'ships';

const YEAR_NS = 365.25 * 86_400 * 1e9;
const REGIMES = [
  { name: 'separate-2009', title: 'Separate: two bilateral agreements (2009)', years: 0 },
  { name: 'hub-2014', title: 'Hub: the three-way arrangement (2014)', years: 6 },
  { name: 'direct-2016', title: 'Direct: Japan and Korea (2016)', years: 8 },
  { name: 'realtime-2023', title: 'Real time: warning data through the United States (2023)', years: 15 },
  { name: 'multilateral', title: 'Multilateral: tracklets between all three (hypothetical)', years: 18 },
];
const STARTING_MS = 1_200;
const SHIPS_COUNT = 1_500;

export interface Said {
  name: string;
  word: object;
}

interface Held {
  items: Map<string, Shown>;
  sights: Map<string, ShownSight>;
  trails: Record<string, TrailPoint[]>;
  decisions: DecisionRow[];
}

export class World {
  private readonly scenario: Scenario;
  private readonly ships;
  private regime = 'separate-2009';
  private at_s = 0;
  private speed = 20;
  private paused = false;
  private startingUntil_ms = 0;
  private held = this.nothing();
  /** A node that says nothing, as when it was killed. */
  private dead: string | null = null;

  constructor(scenario: Scenario, count = SHIPS_COUNT) {
    this.scenario = scenario;
    this.ships = scenario === 'ships' ? makeShips(count) : [];
  }

  private nothing(): Record<Code, Held> {
    const one = (): Held => ({ items: new Map(), sights: new Map(), trails: {}, decisions: [] });
    return { JPN: one(), KOR: one(), USA: one() };
  }

  private get pace() {
    const starting = Date.now() < this.startingUntil_ms;
    const phase = starting ? 'starting' : this.at_s >= LENGTH_S ? 'ended' : 'running';
    return {
      now_ns: START_NS + this.at_s * 1e9,
      speed: this.speed,
      paused: this.paused,
      phase,
      message: '',
    } as const;
  }

  private get shift_ns(): number {
    return (REGIMES.find(({ name }) => name === this.regime)?.years ?? 0) * YEAR_NS;
  }

  state(): StateEvent {
    const rocket = this.scenario === 'rocket';
    return {
      ...this.pace,
      title: rocket ? 'A made-up rocket' : 'Made-up ships',
      subtitle: rocket
        ? 'One rocket, three parties with a sensor each; every figure is invented for looking at the page'
        : 'Reports of ships on invented lanes; each is heard by one of three parties',
      source: rocket ? 'scenario' : 'ais',
      status: 'simulated',
      regimes: REGIMES.map(({ name, title }) => ({ name, title })),
      regime: this.regime,
      parties: [...PARTIES],
      start_ns: START_NS,
      end_ns: START_NS + LENGTH_S * 1e9,
      decision_shift_ns: this.shift_ns,
      speeds: [1, 5, 10, 20, 30, 60],
      view: rocket ? { lat: 39.5, lon: 146, span_m: 4_300_000 } : { lat: 56.1, lon: 11.2, span_m: 700_000 },
      links: PARTIES.filter((code) => code !== 'USA').flatMap((code) => [
        { from: code, to: 'USA', up: true },
        { from: 'USA', to: code, up: true },
      ]),
      panes: Object.fromEntries(
        PARTIES.map((code) => {
          const held = this.held[code];
          return [
            code,
            {
              up: code !== this.dead,
              at_ns: this.pace.now_ns,
              items: [...held.items.values()],
              sights: [...held.sights.values()],
              trails: held.trails,
              decisions: held.decisions.slice(-200).reverse(),
            },
          ];
        }),
      ),
    };
  }

  /** Lets so much wall time pass; returns what is new. */
  pass(wall_s: number): Said[] {
    const { phase } = this.pace;
    if (phase === 'running' && !this.paused) {
      const until_s = Math.min(LENGTH_S, this.at_s + wall_s * this.speed);
      const said = PARTIES.filter((code) => code !== this.dead).flatMap((code) =>
        this.advance(code, until_s),
      );
      this.at_s = until_s;
      return [...said, { name: 'pace', word: this.pace }];
    }
    return [{ name: 'pace', word: this.pace }];
  }

  private advance(code: Code, until_s: number): Said[] {
    const held = this.held[code];
    const decisions: DecisionRow[] = [];
    let changed: Shown[] = [];
    if (this.scenario === 'ships') {
      const first = held.items.size === 0;
      changed = this.ships
        .map((ship) => shipAt(ship, until_s, first ? -1 : this.at_s))
        .filter((item) => item !== null)
        .map((item) =>
          item.originator === code ? item : { ...item, sender: item.originator, form: 'tracks' },
        );
    } else {
      for (let at_s = Math.floor(this.at_s) + 1; at_s <= until_s; at_s++) {
        changed = itemsAt(this.regime, code, at_s);
        changed.forEach((item) => lengthen(held.trails, item.id, item));
        decisions.push(...decisionsAt(this.regime, code, at_s, this.shift_ns));
      }
    }
    changed.forEach((item) => held.items.set(item.id, item));
    const sights = sightsAt(changed, until_s);
    sights.forEach((sight) => {
      held.sights.set(sight.key, sight);
      lengthen(held.trails, `sight:${sight.key}`, sight);
    });
    held.decisions = [...held.decisions, ...decisions].slice(-200);
    const at_ns = START_NS + until_s * 1e9;
    const pane: PaneEvent = { party: code, at_ns, up: true, changed, gone: [], sights, sights_gone: [] };
    return [
      { name: 'pane', word: pane },
      ...(decisions.length > 0 ? [{ name: 'decisions', word: { party: code, decisions } }] : []),
    ];
  }

  /** Does what the page asks; an error in one line, or null. `kill` is the mock's own, for looking at a loss. */
  control(asked: Partial<Control> & { kill?: string; jump_s?: number }): string | null {
    if ('paused' in asked && typeof asked.paused === 'boolean') {
      this.paused = asked.paused;
    } else if ('speed' in asked && typeof asked.speed === 'number') {
      this.speed = asked.speed;
    } else if ('regime' in asked && REGIMES.some(({ name }) => name === asked.regime)) {
      this.regime = asked.regime as string;
      this.restart();
    } else if ('restart' in asked) {
      this.restart();
    } else if (asked.kill !== undefined) {
      this.dead = asked.kill || null;
    } else if (asked.jump_s !== undefined) {
      this.jump(asked.jump_s);
    } else {
      return 'give exactly one of `paused`, `speed`, `regime`, `restart`';
    }
    return null;
  }

  private restart(): void {
    this.at_s = 0;
    this.held = this.nothing();
    this.startingUntil_ms = Date.now() + STARTING_MS;
  }

  private jump(to_s: number): void {
    while (this.at_s < to_s) {
      PARTIES.forEach((code) => this.advance(code, this.at_s + 1));
      this.at_s += 1;
    }
  }
}

function lengthen(
  trails: Record<string, TrailPoint[]>,
  id: string,
  {
    valid_ns,
    lat,
    lon,
    height_m,
  }: { valid_ns: number; lat?: number | null; lon?: number | null; height_m?: number | null },
): void {
  if (lat != null && lon != null && height_m != null) {
    const trail = (trails[id] ??= []);
    if ((trail.at(-1)?.[0] ?? 0) < valid_ns) {
      trail.push([valid_ns, lat, lon, height_m]);
    }
  }
}
