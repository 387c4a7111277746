/** What the page asks of the exercise's director. */

import type { Control } from './types';

/** Asks; null when it was done, else one line that says why not. */
export async function ask(control: Control): Promise<string | null> {
  let answer: Response;
  try {
    answer = await fetch('/api/control', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(control),
    });
  } catch {
    return '';
  }
  if (answer.ok) {
    return null;
  }
  const said: unknown = await answer.json().catch(() => null);
  const line = said !== null && typeof said === 'object' && 'error' in said ? String(said.error) : '';
  return line || `${answer.status}`;
}

/** What was asked for and is shown at once, until the stream says how it is. */
export interface Wish {
  paused?: boolean;
  speed?: number;
  regime?: string;
  /** Wall time of the page after which the stream alone counts, milliseconds. */
  until_ms: number;
}

const WISH_MS = 2_000;

/** The wish that a control makes. */
export function wishOf(control: Control, wall_ms: number): Wish {
  return { ...('restart' in control || 'strike' in control ? {} : control), until_ms: wall_ms + WISH_MS };
}

/** What to show: the wish while it is young, else what the stream said. */
export function wished<Name extends 'paused' | 'speed' | 'regime'>(
  wish: Wish | null,
  name: Name,
  told: NonNullable<Wish[Name]>,
  wall_ms: number,
): NonNullable<Wish[Name]> {
  return wish && wall_ms < wish.until_ms ? (wish[name] ?? told) : told;
}
