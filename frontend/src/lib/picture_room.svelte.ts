/** The state of the room Picture: what is hidden, what is measured, what the own staff's map shows. */

import type { LatLon } from './coordinates';
import { choices } from './choices.svelte';
import type { Extras } from './draw/extras';
import { choiceOf, EVERYTHING, switched, viewOf, type Choice, type Layer } from './layers';
import type { Mapped } from './mapped';
import { Mover } from './mover';
import { place } from './place.svelte';
import { session } from './session.svelte';
import { staff } from './staff';
import type { Units } from './units';

const NOTHING: Mapped = { sensors: [], places: [] };
/** From how far a place or an object is looked at, Earth radii, unless the map is nearer already. */
const LOOK_RANGE = 0.25;

class PictureRoom {
  measuring = $state(false);
  way = $state.raw<readonly LatLon[]>([]);
  pointer = $state.raw<LatLon | null>(null);
  /** Null until it is told. */
  mapped = $state.raw<Mapped | null>(null);

  readonly choice: Choice = $derived(choiceOf(place.view));
  readonly units: Units = $derived({ length: choices.length, height: choices.height });
  readonly extras: Extras = $derived({
    off: this.choice.off,
    symbols: choices.symbols,
    units: this.units,
    mapped: this.mapped,
    way: this.way,
    aim: this.measuring && this.way.length < 2,
  });

  /** Asks what lies on the own staff's map; whoever may not see it sees a map without. */
  async ask(party: string): Promise<void> {
    this.mapped = null;
    const told = await staff()
      .get<Mapped>('/map')
      .catch(() => NOTHING);
    if (place.party === party) {
      this.mapped = told;
    }
  }

  choose(choice: Choice): void {
    for (const [name, text] of Object.entries(viewOf(choice))) {
      place.show(name, text);
    }
  }

  flip(name: keyof Choice, entry: string): void {
    this.choose(switched(this.choice, name, entry));
  }

  flipLayer(layer: Layer): void {
    this.flip('off', layer);
  }

  showAll(): void {
    this.choose(EVERYTHING);
  }

  /** Begins or ends measuring. */
  measure(on = !this.measuring): void {
    this.measuring = on;
    this.way = [];
  }

  /** Takes a point while there is measuring; a third one begins anew. */
  take(at: LatLon | null): boolean {
    if (!this.measuring) {
      return false;
    }
    if (at) {
      this.way = this.way.length === 1 ? [...this.way, at] : [at];
    }
    return true;
  }

  /** Puts a place into the middle of a party's map. */
  look(party: string, { lat, lon }: LatLon): void {
    const view = session.picture?.view;
    const camera = session.cameras[party] ?? (view && Mover.home(view));
    if (camera) {
      session.move(party, { ...camera, lat, lon, range: Math.min(camera.range, LOOK_RANGE) });
    }
  }
}

export const room = new PictureRoom();
