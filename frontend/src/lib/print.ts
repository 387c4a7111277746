/** Printing the room: on light ground, so that a map costs no paper full of ink; afterwards as it was. */

import { choices } from './choices.svelte';

const frames = (count: number): Promise<void> =>
  new Promise((done) => {
    const next = (left: number): void =>
      left === 0 ? done() : void requestAnimationFrame(() => next(left - 1));
    next(count);
  });

/** How long a map may take to be drawn anew, milliseconds. */
const DRAWN_MS = 400;

export async function printRoom(): Promise<void> {
  const theme = choices.theme;
  choices.wear('light');
  await frames(2);
  await new Promise((done) => setTimeout(done, DRAWN_MS));
  window.print();
  choices.wear(theme);
}
