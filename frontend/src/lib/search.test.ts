import { describe, expect, it } from 'vitest';
import type { Pane } from './picture';
import { shown, sight } from './samples';
import { found, FOUND_MAX } from './search';

const SHIPS = Array.from({ length: 50 }, (_, number) =>
  shown({ id: `s${number}`, kind: 'vessel', domain: 'maritime', mmsi: `4310000${10 + number}` }),
);
const items = [
  ...SHIPS,
  shown({ id: 'a', kind: 'vessel', domain: 'maritime', name: 'Blue Whale', mmsi: '431999999' }),
  shown({ id: 'b', kind: 'vessel', domain: 'maritime', name: 'Whale', mmsi: '431999998' }),
  shown({ id: 'KOR-t7', originator: 'KOR' }),
  shown({ id: 'evil', kind: 'vessel', domain: 'maritime', name: '<script>(.*' }),
];
const PANE: Pane = {
  up: true,
  at_ns: 0,
  heard_ms: 0,
  items: new Map(items.map((item) => [item.id, item])),
  sights: new Map([['o1', sight()]]),
  trails: new Map(),
};
const PLACES = [{ names: { en: 'Point A', ja: 'A地点', ko: 'A 지점' }, lat: 1, lon: 2 }];
const ids = (query: string) => found(query, PANE, PLACES).map(({ id }) => id);

describe('search', () => {
  it.each(['', '   ', 'nothing has this', '999999999'])('finds nothing for "%s"', (query) => {
    expect(found(query, PANE, PLACES)).toEqual([]);
  });
  it('puts the same name before one that has it', () => expect(ids('whale')).toEqual(['b', 'a']));
  it('takes words in any order', () => expect(ids('whale blue')).toEqual(['a']));
  it('finds by number', () => expect(ids('431999998')).toEqual(['b']));
  it('finds by id, in any case', () => expect(ids('kor-T7')).toEqual(['KOR-t7']));
  it('finds fused objects', () => expect(ids('o1')).toEqual(['sight:o1']));
  it('finds what is written full width', () => expect(ids('ＷＨＡＬＥ')).toEqual(['b', 'a']));
  it('takes what looks like code as text', () => expect(ids('<script>(.*')).toEqual(['evil']));
  it('gives no more than a list can show', () => expect(found('4310000', PANE)).toHaveLength(FOUND_MAX));
  it('finds a named place in each language', () => {
    for (const query of ['point a', 'A地点', '지점']) {
      expect(found(query, PANE, PLACES)).toMatchObject([{ id: null, text: 'Point A', place: { lat: 1, lon: 2 } }]);
    }
  });
  it('finds a place by its coordinates', () => {
    expect(found('39.9 139.7', PANE)[0]).toEqual({ id: null, text: '39.9 139.7', place: { lat: 39.9, lon: 139.7 } });
  });
});
