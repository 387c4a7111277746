/** Recalls and losses of an exercise's parties, as the page asks for them. */

export interface HolderAnswer {
  holder: string;
  answer: string;
  reason: string;
  /** What the holder signed; null where nothing that can be believed came. */
  certificate: object | null;
}

/** What one holder was asked. */
export interface Recall {
  name: string;
  holder: string;
  action: string;
  state: string;
  about: { item_id: string; version: number }[];
  answers: HolderAnswer[];
  waiting: string[];
}

export interface Loss {
  report: { item_id: string; happened: string; about: { item_id: string; version: number }[] };
  sender: string | null;
  open: boolean;
  overdue: boolean;
}

export interface Recalls {
  asked: Recall[];
  losses: Loss[];
}

/** An item by name, with the party that made it. */
export interface Named {
  id: string;
  originator: string;
}

/** The items that a party made itself, or that it has from others, each once, by name. */
export function namesOf(items: Iterable<Named>, party: string, own: boolean): string[] {
  const names = [...items].filter((item) => (item.originator === party) === own).map((item) => item.id);
  return [...new Set(names)].sort();
}

/** How a recall stands, over all who hold it: `answered`, `overdue`, `waiting` or `closed`. */
export function openFirst(recalls: readonly Recall[]): Recall[] {
  const isOpen = (recall: Recall): number =>
    recall.state === 'waiting' || recall.state === 'overdue' ? 0 : 1;
  return [...recalls].sort((one, other) => isOpen(one) - isOpen(other));
}

/** A party's recalls; null where they cannot be had. */
export async function recallsOf(party: string): Promise<Recalls | null> {
  try {
    const answer = await fetch(`/api/recalls?party=${encodeURIComponent(party)}`);
    return answer.ok ? ((await answer.json()) as Recalls) : null;
  } catch {
    return null;
  }
}

/** Asks; null when it was done, else one line that says why not, empty where nobody answered. */
export async function tell(path: '/api/recalls' | '/api/losses', said: object): Promise<string | null> {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(said),
    });
    if (answer.ok) {
      return null;
    }
    const told: unknown = await answer.json().catch(() => null);
    const line = told !== null && typeof told === 'object' && 'error' in told ? String(told.error) : '';
    return line || `${answer.status}`;
  } catch {
    return '';
  }
}
