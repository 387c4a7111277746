import { describe, expect, it } from 'vitest';
import { FIRST_VIEW, nodeFeed, unheard, viewOf } from './node_feed';
import type { Picture } from './picture';
import { decision, shown, sight, T0_NS } from './samples';
import type { Feed } from './stream';

const OPENED = { party: 'KOR', reader: 'KOR/staff', purpose: 'drill', status: 'exercise', at_ns: T0_NS, entry: 1 };
const NOTHING = { at_ns: T0_NS, changed: [], gone: [], sights: [], sights_gone: [] };
const CLOCK = { now_ns: T0_NS + 2e9, speed: 1, problem: '', links: [] };

/** What words make of a picture, one after the other. */
function after(feed: Feed, words: readonly [string, object][], picture: Picture | null = null): Picture | null {
  return words.reduce<Picture | null>((so_far, [name, word], place) => feed.after(so_far, name, word, place), picture);
}

const ids = (picture: Picture | null): string[] => [...(picture?.panes.KOR.items.keys() ?? [])];

describe("a node's stream", () => {
  it.each(['picture', 'clock', 'decisions', 'closed'])('begins with its opening: %s before it changes nothing', (name) =>
    expect(after(nodeFeed(), [[name, { ...NOTHING, ...CLOCK, decisions: [] }]])).toBeNull());

  it('makes a picture of one pane, marked as its node is', () => {
    const picture = after(nodeFeed(), [
      ['opened', OPENED],
      ['picture', { ...NOTHING, changed: [shown()], sights: [sight()] }],
    ]);
    expect(picture).toMatchObject({ status: 'exercise', parties: ['KOR'], regimes: [], title: 'KOR' });
    expect(picture?.panes.KOR).toMatchObject({ up: true, at_ns: T0_NS });
    expect(ids(picture)).toEqual(['JPN-t1']);
    expect([...(picture?.panes.KOR.sights.keys() ?? [])]).toEqual(['o1']);
  });

  it('after a break is the whole again: what it does not name is gone, trails of what stands are kept', () => {
    const feed = nodeFeed();
    const before = after(feed, [
      ['opened', OPENED],
      ['picture', { ...NOTHING, changed: [shown(), shown({ id: 'JPN-t2' })], sights: [sight()] }],
      ['picture', { ...NOTHING, changed: [shown({ version: 2, valid_ns: T0_NS + 1e9, lat: 41 })] }],
    ]);
    expect(ids(before)).toEqual(['JPN-t1', 'JPN-t2']);
    const broken = unheard(before);
    expect(broken?.panes.KOR.up).toBe(false);
    expect(ids(broken)).toEqual(['JPN-t1', 'JPN-t2']);
    const back = after(
      feed,
      [
        ['opened', { ...OPENED, at_ns: T0_NS + 60e9 }],
        ['picture', { ...NOTHING, at_ns: T0_NS + 60e9, changed: [shown({ version: 9, valid_ns: T0_NS + 59e9, lat: 45 })] }],
      ],
      broken,
    );
    expect(ids(back)).toEqual(['JPN-t1']);
    expect(back?.panes.KOR.sights.size).toBe(0);
    expect(back?.panes.KOR.up).toBe(true);
    expect(back?.panes.KOR.trails.get('JPN-t1')?.map(([, lat]) => lat)).toEqual([40, 41, 45]);
  });

  it('takes changes after the whole as changes', () => {
    const picture = after(nodeFeed(), [
      ['opened', OPENED],
      ['picture', { ...NOTHING, changed: [shown(), shown({ id: 'JPN-t2' })] }],
      ['picture', { ...NOTHING, gone: ['JPN-t2'] }],
    ]);
    expect(ids(picture)).toEqual(['JPN-t1']);
  });

  it('has a clock that says that all stands as it stood, how time runs, and what is wrong', () => {
    const picture = after(nodeFeed(), [
      ['opened', OPENED],
      ['clock', { ...CLOCK, speed: 0, problem: 'the disk is full', links: [{ from: 'KOR', to: 'USA', up: false }] }],
    ]);
    expect(picture?.panes.KOR.at_ns).toBe(T0_NS + 2e9);
    expect(picture?.pace).toMatchObject({ now_ns: T0_NS + 2e9, paused: true, phase: 'failed', message: 'the disk is full' });
    expect(picture?.links).toEqual([{ from: 'KOR', to: 'USA', up: false }]);
  });

  it('begins its decisions anew with each opening, because a node that starts again numbers from one', () => {
    const feed = nodeFeed();
    const words: [string, object][] = [
      ['opened', OPENED],
      ['decisions', { decisions: [decision({ number: 7 })] }],
    ];
    const again: [string, object][] = [
      ['opened', OPENED],
      ['decisions', { decisions: [decision({ number: 1 })] }],
    ];
    expect(after(feed, [...words, ...again])?.log.runs.map(({ key }) => key)).toEqual(['KOR:1']);
  });

  it('that is closed leaves the picture as it is', () => {
    const feed = nodeFeed();
    const picture = after(feed, [['opened', OPENED]]);
    expect(feed.after(picture, 'closed', { reason: 'x' }, 9)?.panes).toEqual(picture?.panes);
  });
});

describe('the first view', () => {
  const pane = (...places: [number, number][]) => ({
    up: true,
    at_ns: 0,
    heard_ms: 0,
    items: new Map(places.map(([lat, lon], place) => [`${place}`, shown({ lat, lon })])),
    sights: new Map(),
    trails: new Map(),
  });

  it('is of a wide region while nothing is seen', () => expect(viewOf(pane())).toBe(FIRST_VIEW));
  it('has what is seen in it', () => expect(viewOf(pane([40, 130], [30, 140]))).toMatchObject({ lat: 35, lon: 135 }));
  it('looks from near enough at one place', () => expect(viewOf(pane([40, 130])).span_m).toBe(1.2e6));
  it('holds together what lies on both sides of the date line', () => {
    const { lon, span_m } = viewOf(pane([40, 179], [40, -179]));
    expect(Math.abs(lon)).toBe(180);
    expect(span_m).toBe(1.2e6);
  });
  it('stays where it is when more comes', () => {
    const feed = nodeFeed();
    const first = after(feed, [
      ['opened', OPENED],
      ['picture', { ...NOTHING, changed: [shown()] }],
    ]);
    const later = feed.after(first, 'picture', { ...NOTHING, changed: [shown({ id: 'x', lat: 0, lon: 0 })] }, 9);
    expect(later?.view).toEqual(first?.view);
  });
});
