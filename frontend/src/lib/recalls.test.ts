import { afterEach, describe, expect, it, vi } from 'vitest';
import { namesOf, openFirst, recallsOf, tell, type Recall } from './recalls';

const recall = (name: string, state: string): Recall => ({
  name,
  holder: 'USA',
  action: 'destroy',
  state,
  about: [{ item_id: 'JPN-t1', version: 1 }],
  answers: [],
  waiting: [],
});

afterEach(() => vi.unstubAllGlobals());

describe('recalls', () => {
  it('names own items apart from partners’, each once', () => {
    const items = [
      { id: 'JPN-b', originator: 'JPN' },
      { id: 'JPN-a', originator: 'JPN' },
      { id: 'JPN-a', originator: 'JPN' },
      { id: 'USA-c', originator: 'USA' },
    ];
    expect(namesOf(items, 'JPN', true)).toEqual(['JPN-a', 'JPN-b']);
    expect(namesOf(items, 'JPN', false)).toEqual(['USA-c']);
    expect(namesOf([], 'JPN', true)).toEqual([]);
  });

  it('puts first what is waited for', () => {
    const names = openFirst([recall('1', 'answered'), recall('2', 'overdue'), recall('3', 'waiting')]);
    expect(names.map(({ name }) => name)).toEqual(['2', '3', '1']);
  });

  it('says in one line why something was not done', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ error: 'not ours' }, { status: 409 })));
    expect(await tell('/api/recalls', {})).toBe('not ours');
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<html>', { status: 500 })));
    expect(await tell('/api/losses', {})).toBe('500');
    vi.stubGlobal('fetch', () => Promise.reject(new Error('gone')));
    expect(await tell('/api/losses', {})).toBe('');
    expect(await recallsOf('JPN')).toBeNull();
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ asked: [], losses: [] })));
    expect(await tell('/api/recalls', {})).toBeNull();
    expect(await recallsOf('JPN')).toEqual({ asked: [], losses: [] });
  });
});
