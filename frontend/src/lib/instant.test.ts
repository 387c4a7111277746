import { describe, expect, it } from 'vitest';
import { digitsOf, instantIn } from './instant';

const NEAR = Date.UTC(2009, 3, 5, 2, 30) * 1e6;
const WANTED = Date.UTC(2009, 3, 5, 2, 34, 10) * 1e6;

describe('an instant that was pasted', () => {
  it.each([
    '',
    '   ',
    'now',
    'yesterday',
    '2009-04-05',
    '2009-02-30T02:34:10Z',
    '2009-13-05T02:34:10Z',
    '2009-04-05T24:34:10Z',
    '2009-04-05T02:60:10Z',
    '2009-04-05T02:34:61Z',
    '2009-04-05T02:34:10+99:00',
    '2009-04-05T02:34:10 EST',
    '1969-12-31T23:59:59Z',
    '2200-01-01T00:00:00Z',
    '320234Z APR 09',
    '050234Z XYZ 09',
    '052534Z APR 09',
    '25:00',
    '02:34:10:11',
    '123456789',
    '12388988500000000000000',
    '-1238898850',
    '1238898850.5',
    '1e10',
    '<script>alert(1)</script>',
    '2009-04-05T02:34:10Z; drop',
    '２００９-04-05T02:34:10Z',
    '2009-04-05T02:34:10Z'.padStart(100, '2'),
  ])('`%s` is none', (text) => expect(instantIn(text, NEAR)).toBeNull());

  it.each([
    '2009-04-05T02:34:10Z',
    '2009-04-05T02:34:10.000Z',
    '2009-04-05t02:34:10z',
    '2009-04-05 02:34:10',
    '2009/04/05 02:34:10 UTC',
    '2009.4.5  2:34:10',
    '2009-04-05T11:34:10+09:00',
    '2009-04-05 11:34:10 JST',
    '2009-04-05 11:34:10KST',
    '2009-04-04T21:34:10-0500',
    '20090405T023410Z',
    '20090405023410',
    '  02:34:10Z ',
    '02:34:10',
    '11:34:10 JST',
    '1238898850',
    '1238898850000',
    '1238898850000000',
    '1238898850000000000',
  ])('`%s` is ten seconds past 02:34 on that day', (text) => expect(instantIn(text, NEAR)).toBe(WANTED));

  it.each([
    ['050234Z APR 09', [2009, 3, 5, 2, 34]],
    ['050234ZAPR2009', [2009, 3, 5, 2, 34]],
    ['051134I APR 09', [2009, 3, 5, 2, 34]],
    ['02:34', [2009, 3, 5, 2, 34]],
    ['23:59', [2009, 3, 4, 23, 59]],
    ['2009-04-05 02:34', [2009, 3, 5, 2, 34]],
    ['2012-02-29 00:00', [2012, 1, 29, 0, 0]],
  ] as const)('`%s` is an instant without seconds', (text, [year, month, day, hour, minute]) =>
    expect(instantIn(text, NEAR)).toBe(Date.UTC(year, month, day, hour, minute) * 1e6),
  );

  it('keeps milliseconds and no more', () =>
    expect(instantIn('2009-04-05T02:34:10.123999Z', NEAR)).toBe(WANTED + 123e6));

  it('goes to a node as whole digits', () => {
    expect(digitsOf(WANTED)).toBe('1238898850000000000');
    expect(digitsOf(WANTED + 123e6)).toBe('1238898850123000000');
    expect(digitsOf(0)).toBe('0');
  });
});
