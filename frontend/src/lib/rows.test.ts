import { describe, expect, it } from 'vitest';
import { wholePicture } from './picture';
import { idOf, rowOf, sourcesOf } from './rows';
import { shown, sight, stateEvent, T0_NS } from './samples';
import { isStale, TRACK_STALE_S, VESSEL_STALE_S } from './stale';
import type { Shown, ShownSight } from './types';

function paneOf(items: Shown[], sights: ShownSight[] = []) {
  const event = stateEvent();
  event.panes.JPN = { ...event.panes.JPN, items, sights };
  return wholePicture(event, 0).panes.JPN;
}

describe('the table', () => {
  it('has fused objects, tracks, areas, events, other things, then ships', () => {
    const pane = paneOf(
      [
        shown({ id: 'v', kind: 'vessel', domain: 'maritime' }),
        shown({ id: 's', kind: 'statement' }),
        shown({ id: 'e', kind: 'event', event: 'launch' }),
        shown({ id: 'a', kind: 'area', area: 'impact' }),
        shown({ id: 't2', originator: 'USA' }),
        shown({ id: 't1', originator: 'KOR' }),
      ],
      [sight({ key: '219000000', domain: 'maritime' }), sight()],
    );
    const ids = ['sight:o1', 't1', 't2', 'a', 'e', 's', 'sight:219000000', 'v'];
    expect(sourcesOf(pane).map(idOf)).toEqual(ids);
  });

  it('leaves warnings to their strip, and ships of one source to their own row', () => {
    const pane = paneOf(
      [shown({ id: 'w', kind: 'warning' }), shown({ id: 'v', kind: 'vessel', domain: 'maritime' })],
      [
        sight({ key: 'one', domain: 'maritime', sources: ['JPN'] }),
        sight({ key: 'two', domain: 'maritime', sources: ['JPN', 'KOR'] }),
      ],
    );
    expect(sourcesOf(pane).map(idOf)).toEqual(['sight:two', 'v']);
  });

  it('says of a fused object what it was fused from', () => {
    expect(rowOf({ sight: sight({ confirmed: false }) }, T0_NS + 3e9)).toMatchObject({
      originator: 'JPN+USA',
      age_s: 3,
      stale: false,
      confirmed: false,
      sender: null,
    });
  });

  it('names who announces a fused object first', () => {
    expect(rowOf({ sight: sight({ speaker: 'USA' }) }, T0_NS).originator).toBe('USA+JPN');
    expect(rowOf({ sight: sight({ speaker: 'JPN' }) }, T0_NS).codes).toEqual(['JPN', 'USA']);
  });

  it('says of a disagreement what it is about, however old it is', () => {
    const item = shown({ kind: 'disagreement', disagreement: 'objects', state: 'open' });
    expect(rowOf({ item }, T0_NS + 600e9)).toMatchObject({
      sort: { group: 'disagreement', code: 'objects' },
      stale: false,
    });
  });

  it('has no figures for a release without kinematics', () => {
    const item = shown({ lat: null, lon: null, height_m: null, speed_m_per_s: undefined, ellipse: null });
    expect(rowOf({ item }, T0_NS)).toMatchObject({ height_m: null, speed_m_per_s: null, sigma_m: null });
  });

  it('names a ship by its name, else by its number', () => {
    const ship = { kind: 'vessel', domain: 'maritime', mmsi: '219000001' };
    expect(rowOf({ item: shown({ ...ship, name: 'A SHIP' }) }, T0_NS).subject).toBe('A SHIP');
    expect(rowOf({ item: shown({ ...ship, name: null }) }, T0_NS).subject).toBe('219000001');
  });
});

describe('a watch area', () => {
  it('has its names', () => {
    const names = { en: 'North coast', ja: '北岸', ko: '북쪽 해안' };
    const row = rowOf({ item: shown({ kind: 'area', area: 'watch', names }) }, T0_NS + 200e9);
    expect(row).toMatchObject({ names, sort: { group: 'area', code: 'watch' }, stale: false });
    expect(rowOf({ item: shown() }, T0_NS).names).toBeNull();
  });
});

describe('what is old', () => {
  it.each([
    [shown(), TRACK_STALE_S, false],
    [shown(), TRACK_STALE_S + 0.1, true],
    [shown({ kind: 'area', area: 'impact' }), 11, true],
    [shown({ kind: 'area', area: 'launch' }), 1e6, false],
    [shown({ kind: 'area', area: 'watch' }), 1e6, false],
    [shown({ kind: 'event', event: 'launch' }), 1e6, false],
    [shown({ kind: 'vessel', domain: 'maritime' }), 100, false],
    [shown({ kind: 'vessel', domain: 'maritime' }), VESSEL_STALE_S + 1, true],
  ])('%#', (item, age_s, stale) => expect(isStale(item, age_s)).toBe(stale));
});
