/** All texts of the page: those of the first page in a file for each language, those of parts in a file for each part. */

import { en, type Key as FirstKey } from './en';
import { ja } from './ja';
import { ko } from './ko';
import { PARTS } from './parts';

export type PartKey = keyof typeof PARTS;
export type Key = FirstKey | PartKey;
export type Texts = Readonly<Record<Key, string>>;

const PLACES = { en: 0, ja: 1, ko: 2 } as const;

const partsIn = (place: 0 | 1 | 2): Record<PartKey, string> =>
  Object.fromEntries(Object.entries(PARTS).map(([key, texts]) => [key, texts[place]])) as Record<
    PartKey,
    string
  >;

export const TEXTS: Readonly<Record<keyof typeof PLACES, Texts>> = {
  en: { ...en, ...partsIn(PLACES.en) },
  ja: { ...ja, ...partsIn(PLACES.ja) },
  ko: { ...ko, ...partsIn(PLACES.ko) },
};
