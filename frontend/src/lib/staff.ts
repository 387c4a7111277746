/**
 * What the page asks of the node at which the user stands: of its own origin at a node, through the observer
 * in an exercise. Rooms ask this and nothing else.
 */

import { door } from './door.svelte';
import { place } from './place.svelte';

export type Query = Readonly<Record<string, string>>;
export type Officer = 1 | 2;

/** The answer was no. `line` says why; it is empty, and `status` 0, where nobody answered. */
export class Refused extends Error {
  readonly status: number;
  readonly line: string;

  constructor(status: number, line: string) {
    super(line || `${status}`);
    this.status = status;
    this.line = line;
  }
}

/** Where and how a node is asked. */
export interface Way {
  /** What stands before the node's own paths. */
  base: string;
  /** The session's word; empty where there is none. */
  word: string;
  /** In an exercise, as which of the party's two officers. */
  officer: Officer | null;
  /** Told when the session is over. */
  ended: () => void;
}

const WORD_HEADER = 'x-trilat-word';

export class Staff {
  private readonly way: Way;

  constructor(way: Way) {
    this.way = way;
  }

  /** What `GET path` answers. Refused where it is no. */
  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.ask<T>(path, query, { method: 'GET' });
  }

  /** What `POST path` answers to a body. Refused where it is no. */
  post<T>(path: string, body: object, query: Query = {}): Promise<T> {
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (this.way.word) {
      headers[WORD_HEADER] = this.way.word;
    }
    return this.ask<T>(path, query, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  private async ask<T>(path: string, query: Query, init: RequestInit): Promise<T> {
    const { base, officer, ended } = this.way;
    const said = new URLSearchParams(query);
    if (officer !== null) {
      said.set('officer', String(officer));
    }
    const search = said.toString();
    let answer: Response;
    try {
      answer = await fetch(base + path + (search && `?${search}`), init);
    } catch {
      throw new Refused(0, '');
    }
    if (answer.ok) {
      return (await answer.json()) as T;
    }
    if (answer.status === 401) {
      ended();
    }
    throw new Refused(answer.status, lineOf(await answer.json().catch(() => null)));
  }
}

function lineOf(told: unknown): string {
  return told !== null && typeof told === 'object' && 'error' in told ? String(told.error) : '';
}

/**
 * Who is asked where the user stands now; `officer` counts in an exercise alone, where two are made up, and so
 * does another `party`, whose side is looked at without standing there.
 */
export function staff(officer: Officer | null = null, party: string = place.party): Staff {
  if (door.kind === 'node') {
    return new Staff({ base: '', word: door.word, officer: null, ended: () => door.ended() });
  }
  const base = `/api/staff/${encodeURIComponent(party)}`;
  return new Staff({ base, word: '', officer, ended: () => door.ended() });
}
