/** The order of the table's rows, and which object is next. */

import { idOf, rowOf, type Row, type Source } from './rows';

export type Column = 'by' | 'what' | 'height' | 'speed' | 'age' | 'sigma' | 'from';

export interface Order {
  column: Column;
  down: boolean;
}

type Value = number | string | null;

const VALUES: Readonly<Record<Column, (row: Row) => Value>> = {
  by: (row) => row.originator,
  what: (row) => `${row.kind} ${row.subject}`,
  height: (row) => row.height_m,
  speed: (row) => row.speed_m_per_s,
  age: (row) => row.age_s,
  sigma: (row) => row.sigma_m,
  from: (row) => row.sender ?? '',
};

const compared = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Rows by a column; what has no value comes last either way, equals stay as they were. */
export function ordered(sources: readonly Source[], order: Order | null, reference_ns: number): Source[] {
  if (!order) {
    return [...sources];
  }
  const value = VALUES[order.column];
  const sign = order.down ? -1 : 1;
  return sources
    .map((source) => ({ source, value: value(rowOf(source, reference_ns)) }))
    .sort((one, other) => {
      if (one.value === null || other.value === null) {
        return Number(one.value === null) - Number(other.value === null);
      }
      return typeof one.value === 'number' && typeof other.value === 'number'
        ? sign * (one.value - other.value)
        : sign * compared(String(one.value), String(other.value));
    })
    .map(({ source }) => source);
}

/** The next order when a column's head is pressed: up, down, as it came. */
export function pressed(order: Order | null, column: Column): Order | null {
  if (order?.column !== column) {
    return { column, down: false };
  }
  return order.down ? null : { column, down: true };
}

/** The object after (or, with -1, before) the one selected, around; null where there is none. */
export function nextOf(sources: readonly Source[], selected: string | null, step: 1 | -1 = 1): string | null {
  if (sources.length === 0) {
    return null;
  }
  const place = sources.findIndex((source) => idOf(source) === selected);
  const next = place < 0 ? (step > 0 ? 0 : sources.length - 1) : place + step;
  return idOf(sources[(next + sources.length) % sources.length]);
}
