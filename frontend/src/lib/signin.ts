/** Signing in at a node, out of it, and one's own password: what is asked, and which sentence a no becomes. */

import type { SessionAnswer } from './door.svelte';
import type { Key } from './i18n';
import type { Values } from './fill';

/** Why not, as a text of the page. */
export interface No {
  key: Key;
  values?: Values;
}

type Answered = { said: SessionAnswer } | { no: No };

const WORD_HEADER = 'x-trilat-word';

async function ask(path: string, body: object, word = ''): Promise<Answered> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (word) {
    headers[WORD_HEADER] = word;
  }
  let answer: Response;
  try {
    answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    return { no: { key: 'refused.unreachable' } };
  }
  const told: unknown = await answer.json().catch(() => null);
  if (answer.ok) {
    return { said: told as SessionAnswer };
  }
  const line = told !== null && typeof told === 'object' && 'error' in told ? String(told.error) : '';
  return { no: noOf(answer.status, line) };
}

/** The sentence for a status and its line. */
export function noOf(status: number, line: string): No {
  if (status === 429) {
    const seconds = /(\d+(?:\.\d+)?) s\b/.exec(line)?.[1];
    return seconds === undefined
      ? { key: 'signin.later' }
      : { key: 'signin.wait', values: { seconds: Math.ceil(Number(seconds)) } };
  }
  if (status === 401) {
    return { key: 'signin.wrong' };
  }
  return { key: 'signin.refused', values: { line: line || `${status}` } };
}

/** Signs in; what comes is the session, or why not. */
export const signIn = (name: string, password: string): Promise<Answered> => ask('/signin', { name, password });

/** Signs out; null when it is done. */
export async function signOut(word: string): Promise<No | null> {
  const answered = await ask('/signout', {}, word);
  return 'no' in answered ? answered.no : null;
}

/** Changes one's own password; the session that comes is a new one. */
export async function changePassword(now: string, next: string, word: string): Promise<Answered> {
  const answered = await ask('/password', { password: now, new_password: next }, word);
  const refused = 'no' in answered && answered.no.key === 'signin.refused';
  return refused ? { no: { ...answered.no, key: 'account.refused' } } : answered;
}
