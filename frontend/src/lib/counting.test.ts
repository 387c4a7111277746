import { describe, expect, it } from 'vitest';
import { compared, MEASURES, verdictOf, type PartyNumbers } from './counting';

const numbers = (values: Partial<PartyNumbers> = {}): PartyNumbers => ({
  received: { KOR: 3, USA: 4 },
  first_track_s: 65,
  completeness: 0.72,
  position_rmse_m: 336,
  first_impact_warning_s: 150,
  ...values,
});

describe('whether a number got better', () => {
  it.each([
    ['items', 10, 0, 'worse'],
    ['items', 0, 10, 'better'],
    ['seen', 0.98, 0.72, 'worse'],
    ['error', 336, 15, 'better'],
    ['error', 15, 336, 'worse'],
    ['first', 65, 55, 'better'],
    ['warned', 150, 160, 'worse'],
    ['error', 100, 100.5, 'same'],
    ['error', 0, 0, 'same'],
    ['first', null, null, 'same'],
    ['first', 60, null, 'worse'],
    ['first', null, 60, 'better'],
  ] as const)('%s from %s to %s is %s', (measure, before, after, verdict) => {
    expect(verdictOf(measure, before, after)).toBe(verdict);
  });
});

describe('the rows of a party', () => {
  it('have nothing after while that is being counted, and no verdict', () => {
    const rows = compared(numbers(), undefined);
    expect(rows.map(({ measure }) => measure)).toEqual(MEASURES);
    expect(rows.every(({ after, verdict }) => after === null && verdict === 'same')).toBe(true);
  });

  it('count what came from every partner', () => {
    const [items] = compared(numbers(), numbers({ received: {} }));
    expect(items).toEqual({ measure: 'items', before: 7, after: 0, verdict: 'worse' });
  });
});
