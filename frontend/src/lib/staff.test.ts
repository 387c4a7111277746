import { afterEach, describe, expect, it, vi } from 'vitest';
import { Refused, Staff, type Way } from './staff';

const asked: { address: string; init: RequestInit }[] = [];

function answering(status: number, body: string): void {
  vi.stubGlobal('fetch', (address: string, init: RequestInit) => {
    asked.push({ address, init });
    return Promise.resolve(new Response(body, { status }));
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
  asked.length = 0;
});

const ended = vi.fn();
const node: Way = { base: '', word: 'the-word', officer: null, ended };
const exercise: Way = { base: '/api/staff/KOR', word: '', officer: 2, ended };

const refused = (asking: Promise<unknown>): Promise<Refused> =>
  asking.then(
    () => Promise.reject(new Error('not refused')),
    (error: unknown) => error as Refused,
  );

describe('a node is asked', () => {
  it('at its own paths, with the word where something is changed', async () => {
    answering(200, '{"ok": true}');
    await new Staff(node).get('/holders', { item: 'a&b' });
    await new Staff(node).post('/losses', { items: [] });
    expect(asked.map(({ address }) => address)).toEqual(['/holders?item=a%26b', '/losses']);
    expect(asked[0].init.headers).toBeUndefined();
    expect(asked[1].init.headers).toMatchObject({ 'x-trilat-word': 'the-word' });
    expect(asked[1].init.body).toBe('{"items":[]}');
  });

  it('in an exercise through the observer, as an officer where one was chosen', async () => {
    answering(200, '{}');
    await new Staff(exercise).post('/desk/answer', {});
    expect(asked[0].address).toBe('/api/staff/KOR/desk/answer?officer=2');
    expect(asked[0].init.headers).not.toHaveProperty('x-trilat-word');
  });
});

describe('a no', () => {
  it('is told with its status and line', async () => {
    answering(403, '{"error": "this role may not"}');
    expect(await refused(new Staff(node).get('/desk'))).toMatchObject({ status: 403, line: 'this role may not' });
    expect(ended).not.toHaveBeenCalled();
  });

  it.each(['', 'null', '[]', '<html>', '{"error": ""}'])('without a line, such as %j, has an empty one', async (body) => {
    answering(500, body);
    expect(await refused(new Staff(node).get('/desk'))).toMatchObject({ status: 500, line: '' });
  });

  it('of a session that is over says so to the door', async () => {
    answering(401, '{"error": "sign in"}');
    await refused(new Staff(node).get('/desk'));
    expect(ended).toHaveBeenCalledOnce();
  });

  it('of nobody is status 0', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    const no = await refused(new Staff(node).get('/desk'));
    expect(no).toBeInstanceOf(Refused);
    expect(no).toMatchObject({ status: 0, line: '' });
  });
});
