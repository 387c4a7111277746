/** The state that the components share: the picture, the page's clock, what the user chose. */

import { instantAt } from './clock';
import { ask, wished, wishOf, type Wish } from './control';
import { door } from './door.svelte';
import { talliesOf } from './fold';
import type { Camera } from './globe';
import { nodeFeed, unheard } from './node_feed';
import type { Pane, Picture } from './picture';
import { place } from './place.svelte';
import { pictureAt } from './replay';
import { EXERCISE_FEED, follow, type Connection } from './stream';
import type { Control } from './types';

const TICK_MS = 500;

export class Session {
  // Raw: the picture is replaced, never written to, so nothing in it needs watching.
  live = $state.raw<Picture | null>(null);
  /** What was known at an instant of the past, by party, as far as the nodes have answered. */
  past = $state.raw<{ at_ns: number; heard_ms: number; panes: Readonly<Record<string, Pane>> } | null>(null);
  connection = $state<Connection>('connecting');
  wall_ms = $state(0);
  /** The last refusal of a control; empty when there is none. */
  refusal = $state<{ line: string } | null>(null);
  linked = $state(true);
  cameras = $state.raw<Readonly<Record<string, Camera>>>({});
  private wish = $state.raw<Wish | null>(null);
  private stop: (() => void) | null = null;

  /** What the rooms show: the live picture, or that of `place.at_ns`, which has nothing of the live one in it. */
  readonly picture = $derived(
    this.live && place.at_ns !== null
      ? pictureAt(this.live, this.past?.at_ns ?? place.at_ns, this.past?.panes ?? {}, this.past?.heard_ms ?? 0)
      : this.live,
  );
  readonly live_now_ns = $derived(this.live ? instantAt(this.live.pace, this.wall_ms) : 0);
  readonly now_ns = $derived(this.picture ? instantAt(this.picture.pace, this.wall_ms) : 0);
  readonly paused = $derived(this.shown('paused', this.live?.pace.paused ?? false));
  readonly speed = $derived(this.shown('speed', this.live?.pace.speed ?? 1));
  readonly regime = $derived(this.shown('regime', this.live?.regime ?? ''));
  readonly phase = $derived(this.live?.pace.phase ?? 'starting');
  private readonly log = $derived(this.picture?.log);
  readonly tallies = $derived(this.log ? talliesOf(this.log) : new Map());

  private shown<Name extends 'paused' | 'speed' | 'regime'>(
    name: Name,
    told: NonNullable<Wish[Name]>,
  ): NonNullable<Wish[Name]> {
    return wished(this.wish, name, told, this.wall_ms);
  }

  /** Follows the stream of the door until `end`. */
  begin(): void {
    const isNode = door.kind === 'node';
    this.wall_ms = performance.now();
    const ticking = window.setInterval(() => (this.wall_ms = performance.now()), TICK_MS);
    const unfollow = follow(
      isNode ? nodeFeed() : EXERCISE_FEED,
      {
        change: (apply) => this.show(apply(this.live)),
        connection: (connection) => this.hear(connection, isNode),
      },
      () => performance.now(),
    );
    this.stop = () => {
      clearInterval(ticking);
      unfollow();
    };
  }

  /** A node that is not heard is shown as such; one that refuses is asked who is signed in. */
  private hear(connection: Connection, isNode: boolean): void {
    if (isNode && connection !== 'open' && this.connection === 'open') {
      this.live = unheard(this.live);
    }
    this.connection = connection;
    if (isNode && connection === 'refused') {
      void door.ask();
    }
  }

  /** Another scenario looks elsewhere: its own view counts then, not where the maps were. */
  private show(picture: Picture | null): void {
    const [before, after] = [this.live, picture];
    if (before && after && JSON.stringify(before.view) !== JSON.stringify(after.view)) {
      this.cameras = {};
      // A node's own view follows from what is seen first; what was selected there is still there.
      place.selected = after.source === 'node' ? place.selected : null;
    }
    this.live = picture;
  }

  /** Follows no more; what was shown is shown no longer. */
  end(): void {
    this.stop?.();
    this.stop = null;
    this.live = this.past = null;
    this.connection = 'connecting';
  }

  /** Asks the director; shows the wish at once, and takes it back when it is refused. */
  async control(control: Control): Promise<void> {
    const wish = wishOf(control, performance.now());
    this.wish = wish;
    this.refusal = null;
    const line = await ask(control);
    if (line !== null) {
      this.refusal = { line };
      if (this.wish === wish) {
        this.wish = null;
      }
    }
  }

  togglePause(): void {
    void this.control({ paused: !this.paused });
  }

  /** One step up or down the list of speeds. */
  stepSpeed(step: 1 | -1): void {
    const speeds = [...(this.picture?.speeds ?? [])].sort((one, other) => one - other);
    const next =
      step > 0
        ? speeds.find((speed) => speed > this.speed)
        : speeds.filter((speed) => speed < this.speed).at(-1);
    if (next !== undefined) {
      void this.control({ speed: next });
    }
  }

  /** Moves one pane's camera, or all of them while they are linked. */
  move(party: string, camera: Camera): void {
    const parties = this.linked ? (this.picture?.parties ?? []) : [party];
    this.cameras = { ...this.cameras, ...Object.fromEntries(parties.map((code) => [code, camera])) };
  }

  /** Links the cameras, all as the first one, or frees them. */
  link(linked: boolean): void {
    this.linked = linked;
    const first = this.picture?.parties[0];
    if (linked && first && this.cameras[first]) {
      this.move(first, this.cameras[first]);
    }
  }
}

export const session = new Session();
