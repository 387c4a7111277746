/** Clauses that are struck in thought, and the numbers that come of it. */

import { toggled } from './agreements';
import type { CountState, StruckHistory } from './counting';
import { door } from './door.svelte';
import { session } from './session.svelte';
import { Refused, Staff, staff } from './staff';

const ASK_EVERY_MS = 1_000;

/** The exercise's own origin, which counts for all parties at once. */
const exercise = (): Staff =>
  new Staff({ base: '/api', word: '', officer: null, ended: () => door.ended() });

export class Struck {
  /** Names of clauses, each as `file#id`, in order. */
  chosen = $state.raw<readonly string[]>([]);
  counted = $state.raw<CountState | null>(null);
  history = $state.raw<StruckHistory | null>(null);
  /** What went wrong last, in one line; null where nothing did, empty where nobody answered. */
  refusal = $state<string | null>(null);
  busy = $state(false);
  private waiting = 0;

  toggle(name: string): void {
    this.chosen = toggled(this.chosen, name);
    this.history = null;
  }

  /** Plays the exercise again without the chosen clauses, and has the same counted. */
  async replay(): Promise<void> {
    await session.control({ strike: [...this.chosen] });
    if (session.refusal === null) {
      await this.count(this.chosen);
    }
  }

  /** All clauses are back; the numbers are those of the regime as it is. */
  async putBack(): Promise<void> {
    this.chosen = [];
    await session.control({ strike: [] });
    this.counted = null;
    clearTimeout(this.waiting);
  }

  /** Has the flight counted without clauses; asks how far it is until it is over. */
  async count(strike: readonly string[]): Promise<void> {
    await this.ask(async () => this.take(await exercise().post<CountState>('/what-if', { strike })));
  }

  /** What of a node's own ledger would have gone otherwise. */
  async askHistory(): Promise<void> {
    this.busy = true;
    await this.ask(async () => {
      this.history = await staff().post<StruckHistory>('/agreements/what-if', { strike: this.chosen });
    });
    this.busy = false;
  }

  /** Looks how far a counting has come that was begun before. */
  async look(): Promise<void> {
    await this.ask(async () => this.take(await exercise().get<CountState>('/what-if')));
  }

  private take(counted: CountState): void {
    this.counted = counted;
    clearTimeout(this.waiting);
    if (counted.phase === 'running') {
      this.waiting = window.setTimeout(() => void this.look(), ASK_EVERY_MS);
    }
  }

  private async ask(act: () => Promise<void>): Promise<void> {
    this.refusal = null;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
      this.refusal = error.line;
    }
  }
}

export const struck = new Struck();
