/** What a map shows beside the objects of a picture, and how: the same for all parts of a drawing. */

import type { LatLon } from '../coordinates';
import type { Layer } from '../layers';
import type { Mapped } from '../mapped';
import type { Units } from '../units';

export interface Extras {
  /** Layers that are not drawn. */
  off: ReadonlySet<Layer>;
  /** Symbols of APP-6 in place of plain marks. */
  symbols: boolean;
  units: Units;
  /** Own sensors and named places; null where they are not known. */
  mapped: Mapped | null;
  /** The points that are measured between: none, one or two. */
  way: readonly LatLon[];
  /** Whether a cross stands in the middle, to aim by keys. */
  aim: boolean;
}

/** A map without any of it. */
export const PLAIN: Extras = {
  off: new Set(),
  symbols: false,
  units: { length: 'km', height: 'm' },
  mapped: null,
  way: [],
  aim: false,
};
