/** Accounts of a node, and what an auditor reads, as the page asks for them. */

import type { AuditPage, NodeAccount } from './api';

export const ROLES = ['watch', 'release', 'administrator', 'auditor'] as const;

/** What is to be done to an account, once it was asked again. */
export interface Wish {
  name: string;
  step: 'disable' | 'enable' | 'role';
  role: string;
}

/** Where a wish goes, and what is said there. */
export const requestOf = ({ name, step, role }: Wish): { path: string; said: Record<string, string> } => ({
  path: `/accounts/${step}`,
  said: step === 'role' ? { name, role } : { name },
});

/** Whether a change is one that nobody makes of their own account. */
export const isOwn = (account: NodeAccount, who: string): boolean => account.name === who;

/** Entries looked through at once. */
export const AUDITED = 300;

export interface Act {
  entry: number;
  kind: string;
  at_ns: number;
  what: string;
}

const HEAD = new Set(['entry', 'kind', 'at_ns', 'removed']);

/** Acts, newest first, with their fields in one line of names and values. */
export function actsOf({ rows }: Pick<AuditPage, 'rows'>, removed: string): Act[] {
  return rows
    .map((row) => ({
      entry: Number(row.entry),
      kind: String(row.kind),
      at_ns: Number(row.at_ns),
      what: row.removed === true ? removed : fieldsOf(row),
    }))
    .reverse();
}

function fieldsOf(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row)
    .filter(([name]) => !HEAD.has(name))
    .map(([name, value]) => `${name}: ${plain(value)}`)
    .join(' · ');
}

function plain(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(plain).join(', ');
  }
  if (value !== null && typeof value === 'object') {
    return Object.values(value).map(plain).join(' ');
  }
  return String(value);
}
