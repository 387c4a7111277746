/**
 * The latest decisions, folded so that a person can read them.
 *
 * A node decides about every version of every item for every partner: many decisions a second, nearly all
 * as the one before. Decisions of one node on one way (from, to, through whom) about one kind of item on one
 * subject make a lane. While a lane's answer stays the same, in outcome, reasons and clauses, it is one run with a count;
 * when the answer changes, a new run begins. Runs stand in the order in which they began, newest first, so
 * that the list moves only when something has changed.
 */

import type { DecisionRow } from './types';

export interface Run {
  /** Unique and constant while the run grows. */
  key: string;
  /** The node that decided. */
  party: string;
  /** The newest decision of the run. */
  latest: DecisionRow;
  first_ns: number;
  count: number;
}

/** The newest answer on one way of one item. */
interface Standing {
  originator: string;
  recipient: string;
  item_id: string;
  outcome: string;
}

export interface DecisionLog {
  /** By when they began, newest first. */
  runs: readonly Run[];
  /** The newest run of each lane. */
  lanes: ReadonlyMap<string, Run>;
  standing: ReadonlyMap<string, Standing>;
  /** The highest number seen from each node, so that nothing counts twice. */
  numbers: Readonly<Record<string, number>>;
}

export const RUNS_MAX = 400;
const STANDING_MAX = 20_000;

export const EMPTY_LOG: DecisionLog = { runs: [], lanes: new Map(), standing: new Map(), numbers: {} };

/** Each ship is a subject of its own and there are thousands: their lanes go by the answer instead. */
const laneOf = (party: string, row: DecisionRow): string =>
  [
    party,
    row.sender,
    row.recipient,
    row.via ?? '',
    row.kind,
    row.kind === 'vessel' ? `${row.outcome} ${row.reasons} ${row.clauses}` : row.subject,
  ].join('|');

const sameAnswer = (one: DecisionRow, other: DecisionRow): boolean =>
  one.outcome === other.outcome &&
  one.reasons.join() === other.reasons.join() &&
  one.clauses.join() === other.clauses.join();

/** The log with more decisions of one node, oldest first. */
export function fold(log: DecisionLog, party: string, rows: readonly DecisionRow[]): DecisionLog {
  let newest = log.numbers[party] ?? -1;
  const fresh = rows.filter((row) => row.number > newest);
  if (fresh.length === 0) {
    return log;
  }
  let runs = [...log.runs];
  const lanes = new Map(log.lanes);
  const standing = new Map(log.standing);
  for (const row of fresh) {
    newest = Math.max(newest, row.number);
    const lane = laneOf(party, row);
    const open = lanes.get(lane);
    const place = open && sameAnswer(open.latest, row) ? runs.indexOf(open) : -1;
    if (open && place >= 0) {
      const longer = { ...open, latest: row, count: open.count + 1 };
      runs[place] = longer;
      lanes.set(lane, longer);
    } else {
      const run = { key: `${party}:${row.number}`, party, latest: row, first_ns: row.at_ns, count: 1 };
      runs.splice(placeOf(runs, run), 0, run);
      lanes.set(lane, run);
    }
    note(standing, row);
  }
  runs = runs.slice(0, RUNS_MAX);
  return { runs, lanes, standing, numbers: { ...log.numbers, [party]: newest } };
}

/** Where a run belongs: nodes tell at different paces, so a run may have begun before another already told. */
function placeOf(runs: readonly Run[], { first_ns }: Run): number {
  const place = runs.findIndex((other) => other.first_ns <= first_ns);
  return place < 0 ? runs.length : place;
}

function note(standing: Map<string, Standing>, row: DecisionRow): void {
  const { originator, recipient, item_id, outcome } = row;
  const key = [recipient, item_id, row.sender, row.via ?? ''].join('|');
  standing.delete(key);
  standing.set(key, { originator, recipient, item_id, outcome });
  if (standing.size > STANDING_MAX) {
    standing.delete(standing.keys().next().value as string);
  }
}

/** The logs that several nodes' newest decisions make together, in the order of their instants. */
export function foldAll(panes: Readonly<Record<string, { decisions: readonly DecisionRow[] }>>): DecisionLog {
  const rows = Object.entries(panes).flatMap(([party, pane]) =>
    pane.decisions.map((row) => ({ party, row })),
  );
  rows.sort((one, other) => one.row.at_ns - other.row.at_ns || one.row.number - other.row.number);
  return rows.reduce((log, { party, row }) => fold(log, party, [row]), EMPTY_LOG);
}

export interface Tally {
  /** Items by originator that no way lets through to the party. */
  withheld: Record<string, number>;
  /** Items by originator that wait for a person. */
  referred: Record<string, number>;
}

const RANK: Readonly<Record<string, number>> = { withhold: 0, refer: 1, permit: 2 };

/** What the decisions that this page holds keep from each party; one permitted way is enough to let an item through. */
export function talliesOf(log: DecisionLog): Map<string, Tally> {
  const best = new Map<string, Standing>();
  for (const answer of log.standing.values()) {
    const key = `${answer.recipient}|${answer.item_id}`;
    const known = best.get(key);
    if (!known || (RANK[answer.outcome] ?? 0) > (RANK[known.outcome] ?? 0)) {
      best.set(key, answer);
    }
  }
  const tallies = new Map<string, Tally>();
  for (const { recipient, originator, outcome } of best.values()) {
    const tally = tallies.get(recipient) ?? { withheld: {}, referred: {} };
    tallies.set(recipient, tally);
    const counts = outcome === 'refer' ? tally.referred : tally.withheld;
    if (outcome !== 'permit' && recipient !== originator) {
      counts[originator] = (counts[originator] ?? 0) + 1;
    }
  }
  return tallies;
}
