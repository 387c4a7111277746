/** Who gives whom what, as a node tells it of its own agreements: shapes, and what a cell says in one look. */

export interface Offer {
  kind: string;
  domain: string;
  /** About items (a consent, a recall), not about what happens. */
  control: boolean;
  form: string;
  via: string | null;
  approval: string;
  duties: Readonly<Record<string, unknown>>;
  situations: readonly string[];
  /** `file#id` */
  clause: string;
  agreement: string;
}

export interface Cell {
  from: string;
  to: string;
  /** Whether the party whose node was asked gives or receives here. */
  own: boolean;
  /** Why nothing goes; null where something does. */
  reason: string | null;
  offers: readonly Offer[];
  clauses: readonly string[];
}

export interface Clause {
  id: string;
  name: string;
  article: string;
  effect: string;
  from: readonly string[];
  to: readonly string[];
  via: string | null;
  domains: readonly string[];
  kinds: readonly string[];
  form: string | null;
  approval: string;
  highest: string | null;
  duties: Readonly<Record<string, unknown>>;
  situations: readonly string[];
  areas: readonly string[];
}

export interface Agreement {
  file: string;
  agreement: string;
  version: number;
  title: string;
  digest: string;
  parties: readonly string[];
  signed_by: readonly string[];
  in_force_from: string;
  in_force_until: string | null;
  /** When it ends by a notice that was given. */
  ends: string | null;
  state: string;
  suspended: readonly { party: string; about: string }[];
  /** With own staff, or an exercise's observer: not between parties. */
  internal: boolean;
  /** When each party last said that this version is its newest, seconds ago. */
  confirmed_s: Readonly<Record<string, number>>;
  outdated: boolean;
  stale_for: readonly string[];
  behind: readonly string[];
  clauses: readonly Clause[];
}

export interface Matrix {
  party: string;
  purpose: string;
  at_ns: number;
  parties: readonly string[];
  cells: readonly Cell[];
  agreements: readonly Agreement[];
}

export interface ReadableText {
  head: readonly string[];
  clauses: Readonly<Record<string, readonly string[]>>;
  foot: readonly string[];
}

export interface AgreementText {
  agreement: string;
  version: number;
  texts: Readonly<Record<string, ReadableText>>;
}

/** Kinds that go the same way under the same clause: one line of a cell. */
export interface Line {
  kinds: string[];
  form: string;
  via: string | null;
  approval: string;
  duties: Readonly<Record<string, unknown>>;
  situations: readonly string[];
  clause: string;
}

const KINDS = ['warning', 'event', 'area', 'track', 'vessel', 'report'];
const rank = (kind: string): number => (KINDS.includes(kind) ? KINDS.indexOf(kind) : KINDS.length);

export const cellOf = (matrix: Matrix, from: string, to: string): Cell | undefined =>
  matrix.cells.find((cell) => cell.from === from && cell.to === to);

/** What goes, by clause; what is about items is left out unless it is asked for. */
export function linesOf(cell: Cell, withControl = false): Line[] {
  const lines = new Map<string, Line>();
  for (const offer of cell.offers) {
    if (offer.control && !withControl) {
      continue;
    }
    const { form, via, approval, duties, situations, clause } = offer;
    const line = lines.get(clause) ?? { kinds: [], form, via, approval, duties, situations, clause };
    // One kind may stand in several domains.
    if (!line.kinds.includes(offer.kind)) {
      line.kinds.push(offer.kind);
    }
    lines.set(clause, line);
  }
  const found = [...lines.values()];
  for (const line of found) {
    line.kinds.sort((one, other) => rank(one) - rank(other) || one.localeCompare(other));
  }
  return found.sort(
    (one, other) => rank(other.kinds[0]) - rank(one.kinds[0]) || one.clause.localeCompare(other.clause),
  );
}

export type CellState = 'self' | 'gives' | 'nothing' | 'untold';

/** Reasons that agreements of others could take away. */
const LACKING: readonly string[] = ['no-agreement', 'not-in-force', 'purpose-not-allowed', 'no-clause'];

/**
 * What a cell is. Of two others nothing that this party has signed says anything: what they have with each
 * other it is not told.
 */
export function stateOf(cell: Cell | undefined): CellState {
  if (!cell) {
    return 'self';
  }
  if (cell.reason === null) {
    return 'gives';
  }
  return cell.own || !LACKING.includes(cell.reason) ? 'nothing' : 'untold';
}

/** Duties that a person asks about first, in that order; the others follow by name. */
const DUTIES = ['delay_s', 'thin_s', 'round_position_m', 'cover_m', 'strip'];

export interface Duty {
  name: string;
  value: string | number;
}

/** Duties with their values as text; `true` and lists are said by the words alone, or joined. */
export function dutiesOf(duties: Readonly<Record<string, unknown>>): Duty[] {
  const place = (name: string): number => (DUTIES.includes(name) ? DUTIES.indexOf(name) : DUTIES.length);
  return Object.entries(duties)
    .sort(([one], [other]) => place(one) - place(other) || one.localeCompare(other))
    .map(([name, value]) => ({
      name,
      value: Array.isArray(value) ? value.join(', ') : value === true ? '' : (value as string | number),
    }));
}

/** A list without a name that it has, or with one that it has not. */
export const toggled = (names: readonly string[], name: string): string[] =>
  names.includes(name) ? names.filter((one) => one !== name) : [...names, name].sort();

/** The agreement and the clause that a full name means. */
export function clauseNamed(matrix: Matrix, name: string): { agreement: Agreement; clause: Clause } | null {
  for (const agreement of matrix.agreements) {
    const clause = agreement.clauses.find((one) => one.name === name);
    if (clause) {
      return { agreement, clause };
    }
  }
  return null;
}
