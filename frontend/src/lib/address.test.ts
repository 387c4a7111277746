import { describe, expect, it } from 'vitest';
import { addressOf, instantOf, instantText, placeOf, type Placed } from './address';

const NOWHERE: Placed = { room: '', party: '', selected: null, at_ns: null, view: {} };

describe('a place', () => {
  it('goes into the address and comes out the same', () => {
    const place: Placed = {
      room: 'desk',
      party: 'KOR',
      selected: 'sight:o1 & more',
      at_ns: Date.UTC(2009, 3, 5, 2, 34, 10) * 1e6,
      view: { layers: 'tracks,areas', from: 'JPN' },
    };
    expect(placeOf(addressOf('', place))).toEqual(place);
  });

  it('leaves what others keep in the address', () =>
    expect(addressOf('?lang=ja&room=desk&v.a=1', { ...NOWHERE, room: 'sides' })).toBe('?lang=ja&room=sides'));

  it('that is nowhere makes no address', () => expect(addressOf('?room=desk', NOWHERE)).toBe(''));

  it.each(['', '?', '?at=yesterday', '?at=2009-04-05', '?at=2009-04-05T02:34:10', '?at=%00', '?v.=1'])(
    'is nowhere in the address %s',
    (search) => expect(placeOf(search)).toEqual(NOWHERE),
  );

  it('of a hostile address is bounded', () => {
    const many = Array.from({ length: 500 }, (_, place) => `v.n${place}=1`).join('&');
    expect(Object.keys(placeOf(`?${many}`).view)).toHaveLength(40);
    expect(placeOf(`?room=${'x'.repeat(9_000)}`).room).toHaveLength(200);
    expect(placeOf(`?v.a=${'x'.repeat(9_000)}`).view).toEqual({});
  });

  it('cannot reach what every object has', () =>
    expect(Object.getPrototypeOf(placeOf('?v.__proto__=1').view)).toBe(Object.prototype));
});

describe('an instant', () => {
  it('is UTC', () => expect(instantText(1_238_898_850_000_000_000)).toBe('2009-04-05T02:34:10.000Z'));
  it('of another zone is the same instant', () =>
    expect(instantOf('2009-04-05T11:34:10+09:00')).toBe(1_238_898_850_000_000_000));
});
