/** What the parts of a drawing share: where to draw, through which globe, and what they leave for later. */

import { secondsBetween } from '../format';
import type { Globe } from '../globe';
import type { Key } from '../i18n';
import type { Names } from '../types';
import type { Extras } from './extras';
import type { Box, Label } from './labels';

/** An object at a pixel, for picking by pointer. */
export interface Hit {
  id: string;
  x: number;
  y: number;
}

export type Say = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

export interface Brush {
  context: CanvasRenderingContext2D;
  globe: Globe;
  /** Pixels of the screen in one of the drawing. */
  ratio: number;
  /** Whose picture it is. */
  party: string;
  /** The instant by which ages count. */
  reference_ns: number;
  selected: string | null;
  say: Say;
  /** A code in words, such as `stage` and `boost`. */
  word: (group: string, code: string) => string;
  /** A name that comes in all languages, in the one chosen. */
  named: (names: Names) => string;
  extras: Extras;
  labels: Label[];
  /** Boxes that labels keep clear of. */
  taken: Box[];
  hits: Hit[];
}

/** Age of something in a drawing, seconds. */
export const ageIn = (brush: Brush, valid_ns: number): number => secondsBetween(valid_ns, brush.reference_ns);

/** Keeps labels off a mark of this half width. */
export function keepClear(brush: Brush, x: number, y: number, half: number): void {
  brush.taken.push({ left: x - half, top: y - half, width: 2 * half, height: 2 * half });
}
