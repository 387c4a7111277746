import { describe, expect, it } from 'vitest';
import type { Picture } from './picture';
import type { PastEvent } from './api';
import { eventFrom, marksOf, pastPane, pictureAt, reached, within } from './replay';

const S = 1e9;
const event = (at_s: number, kind = 'launch', id = `x${at_s}`): PastEvent => ({
  at_ns: at_s * S,
  kind,
  id,
  version: 1,
  originator: 'JPN',
  subject: id,
  status: 'simulated',
});

describe('a replay', () => {
  it.each([
    ['at the speed of life', 1, 2_000, 102],
    ['slower', 0.25, 4_000, 101],
    ['sixty times as fast', 60, 1_000, 160],
    ['at once', 30, 0, 100],
    ['before its beginning', 30, -500, 100],
  ])('comes, %s, to its instant', (_name, speed, wall_ms, at_s) =>
    expect(reached({ from_ns: 100 * S, since_ms: 1_000, speed }, 1_000 + wall_ms)).toBe(at_s * S),
  );

  it('stays between the ledger and now, and is live from now on', () => {
    expect(within(50, 100, 200)).toBe(100);
    expect(within(150, 100, 200)).toBe(150);
    expect(within(200, 100, 200)).toBeNull();
    expect(within(900, 100, 200)).toBeNull();
  });
});

describe('marks', () => {
  it('leave out what lies beside the slider', () =>
    expect(marksOf([event(0), event(99), event(201)], 100 * S, 200 * S)).toEqual([]));

  it('are none where there is no time', () => expect(marksOf([event(100)], 100 * S, 100 * S)).toEqual([]));

  it('stand at their place, in order, also where they came in another', () =>
    expect(marksOf([event(150), event(100), event(200)], 100 * S, 200 * S).map(({ place }) => place)).toEqual([
      0, 0.5, 1,
    ]));

  it('that lie on each other are one, the withdrawal before the warning before the rest', () => {
    const [mark] = marksOf([event(150, 'staging'), event(150.2, 'raised'), event(150.4, 'retracted')], 100 * S, 200 * S);
    expect(mark?.events.map(({ kind }) => kind)).toEqual(['retracted', 'raised', 'staging']);
  });

  it('of a kind that nobody named come last', () => {
    const [mark] = marksOf([event(150, 'unheard-of'), event(150.1, 'staging')], 100 * S, 200 * S);
    expect(mark?.events.map(({ kind }) => kind)).toEqual(['staging', 'unheard-of']);
  });

  it('lead on and back, and never to where one is', () => {
    const events = [event(100), event(150), event(200)];
    expect(eventFrom(events, 150 * S, 1)?.at_ns).toBe(200 * S);
    expect(eventFrom(events, 150 * S, -1)?.at_ns).toBe(100 * S);
    expect(eventFrom(events, 200 * S, 1)).toBeUndefined();
    expect(eventFrom(events, 100 * S, -1)).toBeUndefined();
    expect(eventFrom([], 100 * S, 1)).toBeUndefined();
  });
});

describe('the picture of the past', () => {
  const live = {
    parties: ['JPN', 'KOR'],
    status: 'simulated',
    pace: { now_ns: 900 * S, speed: 20, paused: false, phase: 'running', message: 'on', heard_ms: 0 },
    panes: { JPN: { items: new Map([['JPN-now', {}]]) }, KOR: { items: new Map([['KOR-now', {}]]) } },
    log: { runs: [{}] },
  } as unknown as Picture;

  it('has nothing of the live one in it, also for a party that has not answered', () => {
    const answer = { at_ns: 500 * S, whole: true, items: [], sights: [], trails: {}, removed: [] };
    const picture = pictureAt(live, 500 * S, { JPN: pastPane(answer, 7) }, 7);
    expect(Object.keys(picture.panes)).toEqual(['JPN', 'KOR']);
    expect([...Object.values(picture.panes)].flatMap(({ items }) => [...items.keys()])).toEqual([]);
    expect(picture.log.runs).toEqual([]);
    expect(picture.pace).toMatchObject({ now_ns: 500 * S, paused: true, message: '' });
    expect(picture.panes.KOR?.at_ns).toBe(500 * S);
    expect(picture.status).toBe('simulated');
  });

  it('holds items and objects by their names', () => {
    const answer = {
      at_ns: 5,
      whole: true,
      items: [{ id: 'JPN-t1' }],
      sights: [{ key: 't1' }],
      trails: { 'sight:t1': [[1, 2, 3, 4]] },
      removed: [],
    } as unknown as Parameters<typeof pastPane>[0];
    const pane = pastPane(answer, 7);
    expect([...pane.items.keys()]).toEqual(['JPN-t1']);
    expect([...pane.sights.keys()]).toEqual(['t1']);
    expect(pane.trails.get('sight:t1')).toEqual([[1, 2, 3, 4]]);
  });
});
