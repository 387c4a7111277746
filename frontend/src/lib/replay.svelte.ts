/** The page's time: live, or an instant of the past as the node knew it then. `place.at_ns` says which. */

import type { HistoryEvents, PastEvent, RemovedSince } from './api';
import { door } from './door.svelte';
import { digitsOf } from './instant';
import { place } from './place.svelte';
import {
  eventFrom,
  pastPane,
  reached,
  within,
  STEP_S,
  type PastAnswer,
  type Run,
} from './replay';
import { session } from './session.svelte';
import { Refused, staff } from './staff';

const TICK_MS = 500;
const EVENTS_EVERY_MS = 15_000;
/** After something new in the picture, so soon. */
const EVENTS_AGAIN_MS = 2_000;
const HAPPENING: ReadonlySet<string> = new Set(['event', 'area', 'warning', 'disagreement']);
const SECOND_NS = 1e9;

class Replay {
  playing = $state(false);
  speed = $state(1);
  began_ns = $state<number | null>(null);
  events = $state.raw<readonly PastEvent[]>([]);
  /** Why there is no picture of the instant, by the node's own words; `unreachable` where nobody answered. */
  refusal = $state('');
  /** Whether the picture of the instant is still to come. */
  waiting = $state(false);
  removed = $state.raw<readonly RemovedSince[]>([]);
  whole = $state(true);
  /** The instant that a warning called the user away from. */
  left_ns = $state<number | null>(null);
  private run: Run | null = null;
  private asking = false;
  private shown = '';
  private eventsOf = '';
  private events_ms = -EVENTS_EVERY_MS;
  private regime = '';

  readonly isPast = $derived(place.at_ns !== null);

  /** What of the live picture makes marks: where it changes, there is more to ask for. */
  private readonly happening = $derived(
    [...(session.live?.panes[place.party]?.items.values() ?? [])]
      .filter(({ kind }) => HAPPENING.has(kind))
      .map(({ id, state }) => `${id} ${state ?? ''}`)
      .sort()
      .join(),
  );

  /** Whose pictures the room shows. */
  private readonly parties = $derived(
    door.kind === 'exercise' && place.room === 'sides' ? [...(session.live?.parties ?? [])] : [place.party],
  );

  begin(): () => void {
    const ticking = window.setInterval(() => this.tick(), TICK_MS);
    return () => clearInterval(ticking);
  }

  // --- going ---

  /** Looks at an instant; at one that is not past yet the page is live. */
  go(at_ns: number): void {
    // Rounded: what was a whole millisecond may have lost a little as a number so large.
    const at = within(Math.round(at_ns / 1e6) * 1e6, this.began_ns ?? 0, session.live_now_ns);
    if (at === null) {
      this.live();
      return;
    }
    this.run = { from_ns: at, since_ms: performance.now(), speed: this.speed };
    place.at_ns = at;
    void this.load();
  }

  live(): void {
    place.at_ns = null;
    this.playing = false;
    this.run = null;
    this.refusal = this.shown = '';
    this.removed = [];
    session.past = null;
  }

  step(seconds: number = STEP_S): void {
    this.left_ns = null;
    this.go((place.at_ns ?? session.live_now_ns) + seconds * SECOND_NS);
  }

  toggle(): void {
    this.playing = !this.playing && place.at_ns !== null;
    this.rebase();
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.rebase();
  }

  /** Goes to the next event, or to the one before; behind the last one is live. */
  jump(step: 1 | -1): void {
    const event = eventFrom(this.events, place.at_ns ?? session.live_now_ns, step);
    if (event) {
      this.go(event.at_ns);
    } else if (step > 0 && place.at_ns !== null) {
      this.live();
    }
  }

  /** Something happens now: what is looked at waits. */
  breakOff(): void {
    const left_ns = place.at_ns;
    if (left_ns !== null) {
      this.live();
      this.left_ns = left_ns;
    }
  }

  goBack(): void {
    const left_ns = this.left_ns;
    this.left_ns = null;
    if (left_ns !== null) {
      this.go(left_ns);
    }
  }

  private rebase(): void {
    if (place.at_ns !== null) {
      this.run = { from_ns: place.at_ns, since_ms: performance.now(), speed: this.speed };
    }
  }

  // --- each half second ---

  private tick(): void {
    const { live } = session;
    if (live === null || place.party === '') {
      return;
    }
    if (live.pace.phase === 'starting' || (this.regime !== '' && this.regime !== live.regime)) {
      // The exercise begins anew: its nodes, and their past, are others.
      this.live();
      this.left_ns = this.began_ns = null;
      this.events = [];
      this.events_ms = -EVENTS_EVERY_MS;
    }
    this.regime = live.regime;
    if (live.pace.phase === 'starting') {
      return;
    }
    void this.loadEvents();
    if (place.at_ns === null) {
      return;
    }
    if (this.playing && this.run) {
      const at = within(reached(this.run, performance.now()), this.began_ns ?? 0, session.live_now_ns);
      if (at === null) {
        this.live();
        return;
      }
      place.at_ns = Math.floor(at / 1e6) * 1e6;
    }
    void this.load();
  }

  /** Asks for the picture that is looked at, one question at a time; the newest wish counts. */
  private async load(): Promise<void> {
    const [at_ns, parties] = [place.at_ns, this.parties];
    const wanted = at_ns === null ? '' : `${at_ns} ${parties.join()}`;
    if (at_ns === null || this.asking || wanted === this.shown) {
      return;
    }
    this.asking = this.waiting = true;
    try {
      const answers = await Promise.all(
        parties.map((party) => staff(null, party).get<PastAnswer>('/picture/at', { at_ns: digitsOf(at_ns) })),
      );
      if (place.at_ns === null) {
        return;
      }
      const heard_ms = performance.now();
      const panes = answers.map((answer, index) => [parties[index], pastPane(answer, heard_ms)]);
      session.past = { at_ns, heard_ms, panes: Object.fromEntries(panes) };
      this.removed = answers.flatMap(({ removed }) => removed);
      this.whole = answers.every(({ whole }) => whole);
      this.refusal = '';
      this.shown = wanted;
    } catch (error) {
      // What cannot be shown is not shown as something else: the maps are empty, and the reason stands there.
      this.shown = wanted;
      this.playing = false;
      session.past = null;
      this.refusal = error instanceof Refused ? error.line || 'unreachable' : String(error);
    } finally {
      this.asking = this.waiting = false;
    }
  }

  /** Asks for what happened, now and then, and when somebody else's past is looked at. */
  async loadEvents(now = false): Promise<void> {
    const of = place.party;
    const what = `${of} ${this.happening}`;
    const quiet_ms = performance.now() - this.events_ms;
    const due = quiet_ms >= (what === this.eventsOf ? EVENTS_EVERY_MS : EVENTS_AGAIN_MS);
    if (!now && !due && this.eventsOf.startsWith(`${of} `)) {
      return;
    }
    [this.events_ms, this.eventsOf] = [performance.now(), what];
    const now_ns = session.live_now_ns;
    const query = { from_ns: '0', until_ns: digitsOf(now_ns + SECOND_NS) };
    try {
      const answer = await staff().get<HistoryEvents>('/history/events', query);
      if (of === place.party) {
        this.began_ns = answer.began_ns;
        this.events = answer.events;
      }
    } catch {
      // The stream says that the node is not there; marks that are known stay.
    }
  }
}

export const replay = new Replay();
