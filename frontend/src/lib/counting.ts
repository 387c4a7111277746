/** What a flight is worth to each party in numbers, before and after: rows of a table. */

export interface PartyNumbers {
  received: Readonly<Record<string, number>>;
  first_track_s: number | null;
  completeness: number | null;
  position_rmse_m: number | null;
  first_impact_warning_s: number | null;
}

export type Numbers = Readonly<Record<string, PartyNumbers>>;

export interface CountState {
  phase: 'idle' | 'running' | 'done' | 'failed';
  share: number;
  message: string;
  regime?: string;
  struck?: readonly string[];
  before?: Numbers | null;
  after?: Numbers | null;
}

/** What a node says would have become of all that it holds. */
export interface HistoryRow {
  recipient: string;
  via: string | null;
  same: number;
  lost: number;
  gained: number;
  coarser: number;
  richer: number;
  asked: number;
  unasked: number;
}

export interface StruckHistory {
  items: number;
  struck: readonly string[];
  rows: readonly HistoryRow[];
}

export const MEASURES = ['items', 'first', 'seen', 'error', 'warned'] as const;
export type Measure = (typeof MEASURES)[number];

/** More items and a greater share seen are better; earlier and smaller are better of the rest. */
const MORE_IS_BETTER: readonly Measure[] = ['items', 'seen'];
/** Differences below this share are no difference to a person. */
const SAME_WITHIN = 0.01;

export type Verdict = 'same' | 'better' | 'worse';

export interface Compared {
  measure: Measure;
  before: number | null;
  after: number | null;
  verdict: Verdict;
}

function valueOf(numbers: PartyNumbers, measure: Measure): number | null {
  switch (measure) {
    case 'items':
      return Object.values(numbers.received).reduce((sum, count) => sum + count, 0);
    case 'first':
      return numbers.first_track_s;
    case 'seen':
      return numbers.completeness;
    case 'error':
      return numbers.position_rmse_m;
    case 'warned':
      return numbers.first_impact_warning_s;
  }
}

/** Whether a number got better. Nothing at all is worse than any number. */
export function verdictOf(measure: Measure, before: number | null, after: number | null): Verdict {
  if (before === null || after === null) {
    return before === after ? 'same' : after === null ? 'worse' : 'better';
  }
  if (Math.abs(after - before) <= SAME_WITHIN * Math.max(Math.abs(before), Math.abs(after))) {
    return 'same';
  }
  return after > before === MORE_IS_BETTER.includes(measure) ? 'better' : 'worse';
}

/** One row a measure, of one party. */
export function compared(before: PartyNumbers, after: PartyNumbers | undefined): Compared[] {
  return MEASURES.map((measure) => {
    const [was, is] = [valueOf(before, measure), after ? valueOf(after, measure) : null];
    return { measure, before: was, after: is, verdict: after ? verdictOf(measure, was, is) : 'same' };
  });
}
