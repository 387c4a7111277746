import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Picture } from './picture';
import { stateEvent, shown, T0_NS } from './samples';
import { afterWord, EXERCISE_FEED, follow, type Connection } from './stream';

/** An EventSource whose words the test says. */
class Source {
  static readonly CLOSED = 2;
  static all: Source[] = [];
  readyState = 1;
  onerror: (() => void) | null = null;
  private readonly heard = new Map<string, (event: { data: string }) => void>();

  constructor(address: string) {
    expect(address).toBe('/api/stream');
    Source.all.push(this);
  }

  addEventListener(name: string, act: (event: { data: string }) => void): void {
    this.heard.set(name, act);
  }

  say(name: string, word: object): void {
    this.heard.get(name)?.({ data: JSON.stringify(word) });
  }

  close(): void {
    this.readyState = Source.CLOSED;
  }
}

const pace = { now_ns: T0_NS + 1e9, speed: 20, paused: false, phase: 'running' as const, message: '' };

describe('a word of the stream', () => {
  it('before the first state changes nothing', () => expect(afterWord(null, 'pace', pace, 0)).toBeNull());

  it('is taken by its kind', () => {
    const picture = afterWord(null, 'state', stateEvent(), 5) as Picture;
    const paced = afterWord(picture, 'pace', pace, 6) as Picture;
    expect(paced.pace.now_ns).toBe(T0_NS + 1e9);
    const pane = {
      party: 'KOR',
      at_ns: T0_NS,
      up: true,
      changed: [shown()],
      gone: [],
      sights: [],
      sights_gone: [],
    };
    expect(afterWord(paced, 'pane', pane, 7)?.panes.KOR.items.size).toBe(1);
  });
});

describe('the connection', () => {
  let picture: Picture | null;
  let connections: Connection[];
  let stop: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    Source.all = [];
    picture = null;
    connections = [];
    vi.stubGlobal('EventSource', Source);
    vi.stubGlobal('window', globalThis);
    vi.stubGlobal('fetch', async () => ({ status: 401 }));
    stop = follow(
      EXERCISE_FEED,
      {
        change: (apply) => (picture = apply(picture)),
        connection: (connection) => {
          if (connections.at(-1) !== connection) {
            connections.push(connection);
          }
        },
      },
      () => Date.now(),
    );
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is open with the first word', () => {
    expect(connections).toEqual(['connecting']);
    Source.all[0].say('state', stateEvent());
    expect(connections).toEqual(['connecting', 'open']);
    expect(picture?.title).toBe('A flight');
  });

  it('is lost within five seconds of silence, and tried again', () => {
    Source.all[0].say('state', stateEvent());
    vi.advanceTimersByTime(3_900);
    expect(connections.at(-1)).toBe('open');
    vi.advanceTimersByTime(1_000);
    expect(connections.at(-1)).toBe('lost');
    expect(Source.all).toHaveLength(2);
    expect(Source.all[0].readyState).toBe(Source.CLOSED);
    Source.all[1].say('state', stateEvent({ title: 'again' }));
    expect(connections.at(-1)).toBe('open');
    expect(picture?.title).toBe('again');
  });

  it('that the server refuses says so, and is tried again', async () => {
    Source.all[0].readyState = Source.CLOSED;
    Source.all[0].onerror?.();
    await vi.advanceTimersByTimeAsync(10);
    expect(connections).toEqual(['connecting', 'lost', 'refused']);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(Source.all).toHaveLength(2);
  });

  it('that breaks is left to the browser, which tries again itself', async () => {
    Source.all[0].onerror?.();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(connections.at(-1)).toBe('lost');
    expect(Source.all).toHaveLength(1);
  });

  it('ends when it is told to', () => {
    stop();
    vi.advanceTimersByTime(60_000);
    expect(Source.all).toHaveLength(1);
    expect(Source.all[0].readyState).toBe(Source.CLOSED);
  });
});
