/** The warnings that are before the user, with their sound: always live, whatever the rest of the page shows. */

import type { NotedWarning, Warnings } from './api';
import { choices } from './choices.svelte';
import { door } from './door.svelte';
import { place } from './place.svelte';
import { replay } from './replay.svelte';
import { session } from './session.svelte';
import { Refused, staff } from './staff';
import { AGAIN_MS, play } from './tones';
import {
  loudest,
  needsSomebody,
  newStages,
  ordered,
  stageOf,
  titleMark,
  type Sound,
} from './warnings';

const TICK_MS = 1_000;
const EVERY_TICKS = 3;

class Alarms {
  warnings = $state.raw<readonly NotedWarning[]>([]);
  /** Whether the node could not be asked; its line, or `unreachable`. */
  trouble = $state('');
  /** What an acknowledgement was refused for. */
  refusal = $state('');
  /** Whether a click has let this page sound: browsers let no page before. */
  armed = $state(false);
  private context: AudioContext | null = null;
  private sounded_ms = -AGAIN_MS;
  private ticks = 0;
  private asking = false;
  private of = '';
  private known: ReadonlySet<string> | null = null;
  private seen = '';

  readonly mark = $derived(titleMark(this.warnings));
  readonly waiting = $derived(this.warnings.filter(needsSomebody));
  readonly muted = $derived(!choices.sound);

  private readonly mayAsk = $derived(
    place.party !== '' &&
      session.live !== null &&
      session.live.pace.phase !== 'starting' &&
      door.follows,
  );

  /** A word for what the live pane says of warnings: where it changes, the node is asked at once. */
  private readonly signature = $derived(
    [...(session.live?.panes[place.party]?.items.values() ?? [])]
      .filter(({ kind }) => kind === 'warning')
      .map(({ id, version }) => `${id} ${version}`)
      .sort()
      .join(),
  );

  begin(): () => void {
    const ticking = window.setInterval(() => this.tick(), TICK_MS);
    return () => clearInterval(ticking);
  }

  private tick(): void {
    this.ticks += 1;
    const signature = `${place.party} ${this.signature}`;
    if (!this.mayAsk) {
      this.warnings = [];
      this.known = null;
    } else if (this.ticks % EVERY_TICKS === 0 || signature !== this.seen) {
      this.seen = signature;
      void this.ask();
    }
    this.sound();
  }

  private async ask(): Promise<void> {
    if (this.asking) {
      return;
    }
    this.asking = true;
    const of = place.party;
    try {
      const { warnings } = await staff().get<Warnings>('/warnings');
      if (of === place.party && this.mayAsk) {
        this.take(of, ordered(warnings));
      }
    } catch (error) {
      this.trouble = error instanceof Refused ? error.line || 'unreachable' : String(error);
    } finally {
      this.asking = false;
    }
  }

  private take(of: string, warnings: readonly NotedWarning[]): void {
    this.trouble = '';
    // Whoever opens the page, or goes to another party, finds what stands there; it breaks into nothing.
    const fresh = this.known === null || of !== this.of ? [] : newStages(this.known, warnings);
    this.of = of;
    this.known = new Set(warnings.map(stageOf));
    this.warnings = warnings;
    if (fresh.length > 0) {
      this.sounded_ms = -AGAIN_MS;
      replay.breakOff();
      void replay.loadEvents(true);
    }
    this.sound();
  }

  /** Takes note of a warning, in the user's name. */
  async acknowledge({ id, version }: NotedWarning): Promise<void> {
    this.refusal = '';
    try {
      await staff().post('/warnings/acknowledge', { id, version });
    } catch (error) {
      this.refusal = error instanceof Refused ? error.line || 'unreachable' : String(error);
    }
    await this.ask();
  }

  /** Takes note of the first that needs somebody: one at a time, so that none goes unread. */
  acknowledgeFirst(): void {
    const [first] = this.waiting;
    if (first) {
      void this.acknowledge(first);
    }
  }

  // --- sound ---

  private sound(): void {
    const sound = loudest(this.warnings);
    if (sound && this.armed && choices.sound && performance.now() - this.sounded_ms >= AGAIN_MS) {
      this.sounded_ms = performance.now();
      this.play(sound);
    }
  }

  private play(sound: Sound): void {
    if (this.context) {
      play(this.context, sound);
    }
  }

  /** The click at the beginning of a watch: from now on the page may sound. */
  async arm(): Promise<void> {
    this.context ??= new AudioContext();
    await this.context.resume();
    this.armed = this.context.state === 'running';
    if (this.armed) {
      choices.choose('sound', true);
    }
  }

  mute(muted: boolean): void {
    choices.choose('sound', !muted);
  }

  test(sound: Sound): void {
    this.play(sound);
  }
}

export const alarms = new Alarms();
