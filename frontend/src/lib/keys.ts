/** Keys of the page: who wants one says what it does, so that the list of keys is never out of date. */

import type { Key } from './i18n';
import type { Values } from './fill';

export interface KeyUse {
  /** As `KeyboardEvent.key` says it. */
  key: string;
  /** Where it holds: a room, or `any`. */
  room: string;
  text: Key;
  values?: () => Values;
  act: () => void;
}

const uses: KeyUse[] = [];

/** Lets a key do something in a room, or in `any`, until the function that comes back is called. */
export function onKey(key: string, room: string, text: Key, act: () => void, values?: () => Values): () => void {
  const use: KeyUse = { key, room, text, act, values };
  uses.push(use);
  return () => {
    const place = uses.indexOf(use);
    if (place >= 0) {
      uses.splice(place, 1);
    }
  };
}

/** What keys do in a room, those of the room before those of the whole page. */
export const keysIn = (room: string): readonly KeyUse[] => [
  ...uses.filter((use) => use.room === room),
  ...uses.filter((use) => use.room === 'any'),
];

/** Does what a key is for; the newest wish for it counts, a room's before that of the whole page. */
export function press(key: string, room: string): boolean {
  const use =
    uses.findLast((one) => one.room === room && one.key === key) ??
    uses.findLast((one) => one.room === 'any' && one.key === key);
  use?.act();
  return use !== undefined;
}

/** Whether a key means something else where the focus is: text, lists, buttons. */
export function meansOther(event: KeyboardEvent): boolean {
  const target = event.target as Element | null;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) {
    return true;
  }
  const within = event.key === ' ' || event.key === 'Enter' ? ', button, summary, a' : '';
  return Boolean(target?.closest?.(`input, select, textarea${within}`));
}
