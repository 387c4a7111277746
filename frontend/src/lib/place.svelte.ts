/** Where the user is on the page, kept in its address. */

import { addressOf, placeOf, type Placed } from './address';

export class Place implements Placed {
  room = $state('picture');
  /** Where the user stands; at a node always its own party. */
  party = $state('');
  /** The id of an item, or `sight:KEY`. */
  selected = $state<string | null>(null);
  /** Null: live; else the instant at which what was known then is looked at, UTC nanoseconds. */
  at_ns = $state<number | null>(null);
  /** State of layers and filters, by name. */
  view = $state.raw<Readonly<Record<string, string>>>({});

  /** Takes the place that the address names. */
  begin(): void {
    const { room, ...rest } = placeOf(location.search);
    Object.assign(this, rest, { room: room || 'picture' });
  }

  /** Goes to a room; the browser's way back leads to the one before. */
  go(room: string): void {
    if (room !== this.room) {
      history.pushState(null, '', this.address());
      this.room = room;
    }
  }

  /** Sets a layer's or filter's state; an empty text takes it out. */
  show(name: string, text: string): void {
    const { [name]: _, ...rest } = this.view;
    this.view = text === '' ? rest : { ...rest, [name]: text };
  }

  /** Writes the place into the address. */
  write(): void {
    const address = this.address();
    if (address !== location.pathname + location.search) {
      history.replaceState(null, '', address);
    }
  }

  private address(): string {
    return location.pathname + addressOf(location.search, this);
  }
}

export const place = new Place();
