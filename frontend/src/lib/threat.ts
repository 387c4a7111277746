/** A threat to a watch area in words: which, how surely, and from when to when. */

import { utcTime } from './format';
import type { Key } from './i18n';
import type { Threat } from './types';

/** `7 %`; what is not nothing is not shown as nothing, nor what is not certain as certain. */
export function percent(probability: number): string {
  if (probability > 0 && probability < 0.01) {
    return '<1 %';
  }
  return probability < 1 && probability > 0.99 ? '>99 %' : `${Math.round(probability * 100)} %`;
}

/** `02:37:44Z–02:38:10Z` */
export const windowOf = ({ first_ns, last_ns }: Threat): string => `${utcTime(first_ns)}–${utcTime(last_ns)}`;

/** What may happen, with how surely it does, the more probable first; what is below one in a thousand is not said. */
export function chancesOf({ impact, overflight }: Threat): { key: Key; percent: string }[] {
  const chances: { key: Key; probability: number }[] = [
    { key: 'threat.impact', probability: impact },
    { key: 'threat.overflight', probability: overflight },
  ];
  return chances
    .filter(({ probability }) => probability >= 0.001)
    .sort((one, other) => other.probability - one.probability)
    .map(({ key, probability }) => ({ key, percent: percent(probability) }));
}
