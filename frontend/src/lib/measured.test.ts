import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MEASURED } from './measured';

const RESULTS = readFileSync(new URL('../../../bench/RESULTS.md', import.meta.url), 'utf8');

/** The first number of a cell such as `0.944 (0.867 to 0.947)`. */
const median = (cell: string): number => Number(cell.trim().split(' ')[0]);

describe('what is said to be measured', () => {
  const rows = [...RESULTS.matchAll(/^\| ([a-z0-9-]+) \| ([A-Z]{3}) \| ([^|]+) \| ([^|]+) \|/gm)].filter(
    ([, regime]) => regime in MEASURED,
  );

  it('is there for every regime and party that was measured, and for no other', () => {
    const told = Object.entries(MEASURED).flatMap(([regime, parties]) =>
      Object.keys(parties).map((party) => `${regime} ${party}`),
    );
    expect(told.sort()).toEqual(rows.map(([, regime, party]) => `${regime} ${party}`).sort());
    expect(told).toHaveLength(15);
  });

  it.each(rows.map(([, ...cells]) => cells))('%s %s is as bench/RESULTS.md has it', (regime, party, seen, error) => {
    expect(MEASURED[regime][party]).toEqual({ seen: median(seen), error_m: median(error) });
  });
});
