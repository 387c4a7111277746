/** Sentences in the language that was chosen. */

import { distance, utcDate, utcTime } from './format';
import type { Values } from './fill';
import { hasWord, listed, text, word } from './language.svelte';
import type { Clause, Sentence, Value } from './why';

/** A length of time with its unit: `8 s`, `1 min`, `3 h`, `2 d`. */
export function span(seconds: number): string {
  const size = Math.abs(seconds);
  const steps: [number, number, 'span.d' | 'span.h' | 'span.min'][] = [
    [172_800, 86_400, 'span.d'],
    [7_200, 3_600, 'span.h'],
    [120, 60, 'span.min'],
  ];
  for (const [from, unit, key] of steps) {
    if (size >= from) {
      return text(key, { count: Math.round(seconds / unit) });
    }
  }
  return text('span.s', { count: Number(seconds.toFixed(size < 10 ? 1 : 0)) });
}

/** `2009-04-05 02:37:44Z` */
export const instantText = (at_ns: number): string => `${utcDate(at_ns)} ${utcTime(at_ns)}`;

export function valueText(value: Value): string | number {
  if (typeof value !== 'object') {
    return value;
  }
  if ('list' in value) {
    return listed(value.list.map((one) => String(valueText(one))));
  }
  if ('instant' in value) {
    return instantText(value.instant);
  }
  if ('metres' in value) {
    return distance(value.metres);
  }
  if ('seconds' in value) {
    return span(value.seconds);
  }
  if (value.group === 'field') {
    return fieldText(value.code);
  }
  return word(value.group, value.code);
}

/** A field of an item in words; one that has none yet by its own name. */
export function fieldText(code: string): string {
  return hasWord('field', code) ? word('field', code) : code;
}

export function sentence({ key, values }: Sentence): string {
  const told: Values = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, valueText(value)]));
  return text(key, told);
}

/** A whole answer as text: its title, its sections, and the names of its clauses. */
export const asLines = (
  title: string,
  sections: readonly [string, readonly Sentence[]][],
  clauses: readonly Clause[],
): string =>
  [
    title,
    ...sections.flatMap(([head, said]) => ['', head, ...said.map((one) => `- ${sentence(one)}`)]),
    ...new Set(clauses.map(({ name }) => name)),
  ].join('\n');
