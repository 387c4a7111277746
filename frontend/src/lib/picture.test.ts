import { describe, expect, it } from 'vitest';
import { givenBy, linksDown, TRAIL_MAX, TRAILS_MAX, warningsOf, wholePicture, withLinks, withPace, withPane } from './picture';
import { decision, shown, sight, stateEvent, T0_NS } from './samples';
import type { PaneEvent } from './types';

const pane = (values: Partial<PaneEvent> = {}): PaneEvent => ({
  party: 'JPN',
  at_ns: T0_NS + 1e9,
  up: true,
  changed: [],
  gone: [],
  sights: [],
  sights_gone: [],
  ...values,
});

describe('a state', () => {
  it('replaces everything', () => {
    const first = wholePicture(stateEvent(), 100);
    const later = wholePicture(stateEvent({ regime: 'hub-2014', panes: {} }), 200);
    expect([...first.panes.JPN.items.keys()]).toEqual(['JPN-t1']);
    expect(later.regime).toBe('hub-2014');
    expect(later.panes.JPN.items.size).toBe(0);
    expect(later.log.runs).toEqual([]);
  });

  it('that lacks a party has that pane down, and not another', () => {
    const picture = wholePicture(stateEvent({ parties: ['JPN', 'KOR', 'USA'] }), 100);
    expect(picture.panes.USA.up).toBe(false);
    expect(picture.panes.KOR.up).toBe(true);
  });

  it('takes its decisions, newest first, into the log', () => {
    const event = stateEvent();
    event.panes.JPN.decisions = [decision({ number: 2, version: 2 }), decision({ number: 1 })];
    const [run] = wholePicture(event, 0).log.runs;
    expect(run.count).toBe(2);
    expect(run.latest.version).toBe(2);
  });
});

describe('a change of a pane', () => {
  const before = wholePicture(stateEvent(), 100);

  it('replaces an item by its id and adds others', () => {
    const changed = [
      shown({ version: 2, height_m: 5 }),
      shown({ id: 'KOR-t1', originator: 'KOR', sender: 'USA' }),
    ];
    const after = withPane(before, pane({ changed }), 200);
    expect(after.panes.JPN.items.get('JPN-t1')?.height_m).toBe(5);
    expect(givenBy(after.panes.JPN)).toEqual({ USA: 1 });
    expect(after.panes.JPN.at_ns).toBe(T0_NS + 1e9);
  });

  it('writes to nothing that was there before', () => {
    const items = [...before.panes.JPN.items.values()];
    withPane(before, pane({ changed: [shown({ version: 9 })], gone: ['JPN-t1'], sights_gone: ['o1'] }), 200);
    expect([...before.panes.JPN.items.values()]).toEqual(items);
    expect(before.panes.JPN.sights.size).toBe(1);
    expect(before.panes.JPN.trails.get('JPN-t1')).toHaveLength(1);
  });

  it('takes away what is gone, with its trail', () => {
    const after = withPane(before, pane({ gone: ['JPN-t1', 'never there'], sights_gone: ['o1'] }), 200);
    expect(after.panes.JPN.items.size).toBe(0);
    expect(after.panes.JPN.sights.size).toBe(0);
    expect(after.panes.JPN.trails.size).toBe(0);
  });

  it('lengthens trails by newer places only', () => {
    const older = shown({ valid_ns: T0_NS - 1e9 });
    const newer = shown({ valid_ns: T0_NS + 1e9, lat: 41, height_m: 2000 });
    const after = [older, shown(), newer].reduce(
      (picture, item) => withPane(picture, pane({ changed: [item] }), 200),
      before,
    );
    expect(after.panes.JPN.trails.get('JPN-t1')).toEqual([
      [T0_NS, 40, 130, 1000],
      [T0_NS + 1e9, 41, 130, 2000],
    ]);
  });

  it('gives trails to fused objects, but none to ships and none to what has no place', () => {
    const changed = [
      shown({ id: 'ship', kind: 'vessel', domain: 'maritime' }),
      shown({ id: 'bare', lat: null, lon: null }),
    ];
    const sights = [sight(), sight({ key: '219000000', domain: 'maritime' })];
    const after = withPane(before, pane({ changed, sights }), 200);
    expect([...after.panes.JPN.trails.keys()].sort()).toEqual(['JPN-t1', 'sight:o1']);
  });

  it('of a trail that is too long keeps every second point, and both ends', () => {
    const trail = Array.from(
      { length: TRAIL_MAX },
      (_, place) => [T0_NS + place, 0, 0, 0] as [number, number, number, number],
    );
    const event = stateEvent();
    event.panes.JPN.trails = { 'JPN-t1': trail };
    const after = withPane(wholePicture(event, 0), pane({ changed: [shown({ valid_ns: T0_NS + 9e9 })] }), 1);
    const kept = after.panes.JPN.trails.get('JPN-t1') ?? [];
    expect(kept.length).toBeLessThan(TRAIL_MAX * 0.6);
    expect(kept[0][0]).toBe(T0_NS);
    expect(kept.at(-1)?.[0]).toBe(T0_NS + 9e9);
    expect(kept.every((point, place) => place === 0 || point[0] >= kept[place - 1][0])).toBe(true);
  });

  it('puts what is new of an item over what was known, and lengthens its trail', () => {
    const before = wholePicture(stateEvent(), 0);
    const moved = [{ id: 'JPN-t1', version: 2, lat: 41, valid_ns: T0_NS + 1e9 }];
    const { items, trails } = withPane(before, pane({ moved }), 1).panes.JPN;
    expect(items.get('JPN-t1')).toEqual(shown({ version: 2, lat: 41, valid_ns: T0_NS + 1e9 }));
    expect(trails.get('JPN-t1')?.at(-1)).toEqual([T0_NS + 1e9, 41, 130, 1000]);
    expect(before.panes.JPN.items.get('JPN-t1')).toEqual(shown());
  });

  it('makes nothing of news about an item that is not known', () => {
    const after = withPane(wholePicture(stateEvent(), 0), pane({ moved: [{ id: 'x', lat: 1 }] }), 1);
    expect(after.panes.JPN.items.has('x')).toBe(false);
  });

  it('of thousands of objects keeps no more points than fit', () => {
    const event = stateEvent();
    event.panes.JPN.items = Array.from({ length: 4_000 }, (_, number) => shown({ id: `t${number}` }));
    event.panes.JPN.trails = Object.fromEntries(
      event.panes.JPN.items.map(({ id }) => [id, [[T0_NS, 40, 130, 0]] as [number, number, number, number][]]),
    );
    let picture = wholePicture(event, 0);
    for (let step = 1; step <= 200; step++) {
      const changed = event.panes.JPN.items.map((item) => ({ ...item, valid_ns: T0_NS + step * 1e9 }));
      picture = withPane(picture, pane({ changed }), step);
    }
    const points = [...picture.panes.JPN.trails.values()].reduce((sum, trail) => sum + trail.length, 0);
    expect(points).toBeLessThanOrEqual(TRAILS_MAX);
  });

  it('of a party that the state does not name changes nothing', () => {
    expect(withPane(before, pane({ party: 'AUS' }), 200)).toBe(before);
  });

  it('leaves the other pane alone', () => {
    expect(withPane(before, pane({ changed: [shown()] }), 200).panes.KOR).toBe(before.panes.KOR);
  });

  it('of a node that is down does not count as hearing from it', () => {
    const down = withPane(before, pane({ up: false }), 900);
    expect(down.panes.JPN.heard_ms).toBe(100);
    expect(withPane(down, pane(), 950).panes.JPN.heard_ms).toBe(950);
  });
});

describe('warnings', () => {
  it('begin with threats to what the party watches over, else in the order in which they came', () => {
    const names = { en: 'North coast', ja: '北岸', ko: '북쪽 해안' };
    const threat = { area: 'a', names, impact: 0, overflight: 1, first_ns: T0_NS, last_ns: T0_NS };
    const items = [
      shown({ id: 'w1', kind: 'warning' }),
      shown({ id: 't1', kind: 'track' }),
      shown({ id: 'w2', kind: 'warning' }),
      shown({ id: 'w3', kind: 'warning', threat }),
    ];
    const state = stateEvent();
    state.panes.JPN.items = items;
    const warnings = warningsOf(wholePicture(state, 100).panes.JPN);
    expect(warnings.map(({ id }) => id)).toEqual(['w3', 'w1', 'w2']);
  });
});

describe('pace and links', () => {
  it('replace what was told before', () => {
    const before = wholePicture(stateEvent(), 100);
    const told = { now_ns: T0_NS + 5e9, speed: 60, paused: true, phase: 'running' as const, message: 'm' };
    expect(withPace(before, told, 300).pace).toEqual({ ...told, heard_ms: 300 });
    const links = [{ from: 'JPN', to: 'USA', up: false }];
    expect(withLinks(before, { links }).links).toEqual(links);
  });

  it('show a broken link at both of its ends', () => {
    const links = [
      { from: 'JPN', to: 'USA', up: false },
      { from: 'USA', to: 'JPN', up: false },
      { from: 'KOR', to: 'USA', up: true },
    ];
    expect(['JPN', 'KOR', 'USA'].map((party) => linksDown(links, party))).toEqual([['USA'], [], ['JPN']]);
  });
});
