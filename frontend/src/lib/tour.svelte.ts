/** Leads through the tour: moves the replay, the room, where the user stands and where the maps look. */

import { Mover } from './mover';
import { place } from './place.svelte';
import { session } from './session.svelte';
import { canTour, objectOf, STEPS, type Step } from './tour';

const TICK_MS = 200;
/** A step that does not get ready is shown all the same after so long. */
const READY_S_MAX = 90;
/** So long the word that nodes start may take to come. */
const BEGUN_S_MAX = 20;

export class Tour {
  /** The step that is shown; null outside the tour. */
  here = $state<number | null>(null);
  /** Whether it goes on by itself. */
  going = $state(true);
  /** Whether the replay is on its way to the moment that the step tells of. */
  flying = $state(false);
  private token = 0;
  private before: { speed: number; view: Readonly<Record<string, string>> } | null = null;

  readonly step = $derived(this.here === null ? null : STEPS[this.here]);
  readonly possible = $derived(canTour(session.picture));

  begin(): void {
    if (this.possible) {
      this.before ??= { speed: session.speed, view: place.view };
      this.going = true;
      void this.show(0);
    }
  }

  next(): void {
    if (this.here !== null && this.here < STEPS.length - 1) {
      void this.show(this.here + 1);
    }
  }

  back(): void {
    if (this.here !== null && this.here > 0) {
      void this.show(this.here - 1);
    }
  }

  hold(): void {
    this.going = !this.going;
  }

  /** Leaves at once; time runs again as it did before. */
  leave(): void {
    this.token += 1;
    this.here = null;
    this.flying = false;
    const before = this.before;
    this.before = null;
    place.view = before?.view ?? {};
    if (session.paused && session.phase === 'running') {
      void session.control({ paused: false });
    }
    if (before && before.speed !== session.speed) {
      void session.control({ speed: before.speed });
    }
  }

  private async show(number: number): Promise<void> {
    const token = ++this.token;
    const step = STEPS[number];
    const alive = (): boolean => token === this.token;
    this.here = number;
    this.flying = true;
    place.at_ns = null;
    place.selected = null;
    place.party = step.party;
    place.view = step.view;
    place.go(step.room);
    await this.play(step, alive);
    if (!alive()) {
      return;
    }
    this.flying = false;
    let looked = this.look(step);
    for (let left_ms = step.read_s * 1000; left_ms > 0; left_ms -= this.going ? TICK_MS : 0) {
      await pause(TICK_MS);
      if (!alive()) {
        return;
      }
      // What is to be looked at may come a moment later.
      looked ||= this.look(step);
    }
    if (step.read_s > 0) {
      this.next();
    }
  }

  /** Brings the replay to the step's moment under its agreements, and lets it stand there. */
  private async play(step: Step, alive: () => boolean): Promise<void> {
    const anew = step.restart || session.picture?.regime !== step.regime || this.seconds() > step.until_s + 200;
    if (anew) {
      await session.control(step.regime === session.picture?.regime ? { restart: true } : { regime: step.regime });
      // What is running until then is the run before, which is not to be paused in its place.
      await until(
        () => session.phase === 'starting' || session.phase === 'failed' || session.refusal !== null,
        BEGUN_S_MAX,
        alive,
      );
    }
    await until(
      () => session.phase === 'running' && session.picture?.regime === step.regime,
      READY_S_MAX,
      alive,
    );
    if (!alive()) {
      return;
    }
    this.look(step);
    if (this.seconds() < step.until_s) {
      if (session.speed !== step.speed) {
        await session.control({ speed: step.speed });
      }
      if (session.paused) {
        await session.control({ paused: false });
      }
      await until(() => this.seconds() >= step.until_s || session.phase === 'ended', READY_S_MAX, alive);
    }
    if (alive() && !session.paused && session.phase === 'running') {
      await session.control({ paused: true });
    }
  }

  private seconds(): number {
    const picture = session.picture;
    return picture ? (session.now_ns - picture.start_ns) / 1e9 : 0;
  }

  /** Points the maps; false where there is nothing to look at yet. */
  private look({ look }: Step): boolean {
    const picture = session.picture;
    const spot = typeof look === 'string' ? picture && objectOf(picture, look) : look;
    if (picture && spot) {
      const camera = Mover.home(spot);
      session.cameras = Object.fromEntries(picture.parties.map((party) => [party, camera]));
    }
    return look === null || spot !== null;
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function until(holds: () => boolean, within_s: number, alive: () => boolean): Promise<void> {
  for (let left_ms = within_s * 1000; left_ms > 0 && alive() && !holds(); left_ms -= TICK_MS) {
    await pause(TICK_MS);
  }
}

export const tour = new Tour();
