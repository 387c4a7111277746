import { describe, expect, it } from 'vitest';
import { decimal, mgrs, placeText, readPlace } from './coordinates';
import judged from './judged/geodesy.json';

describe('what is no place', () => {
  it.each([
    '',
    'KOR',
    '39',
    '91 10',
    '10 181',
    '39.9 N 139.7',
    '-39.9 N 139.7 E',
    '39°61′00″N 139°42′00″E',
    '39°00′60″N 139°42′00″E',
    '139°42′00″E 39°54′00″N',
    '39°54′00″N',
    '39°54′00″N 139°42′00″E and more',
    '54S TF 123 45',
    '61S TF 1234 5678',
    '54I TF 1234 5678',
    '54S IO 1234 5678',
    '431234567',
    'NaN NaN',
    '1e3 1e3',
  ])('%s', (text) => expect(readPlace(text)).toBeNull());
});

describe('a place that is typed', () => {
  it.each([
    ['39.9 139.7', 39.9, 139.7],
    ['39.9, 139.7', 39.9, 139.7],
    ['-33.9 -151.2', -33.9, -151.2],
    ['33.9S 151.2W', -33.9, -151.2],
    ['39.9° N, 139.7° E', 39.9, 139.7],
    ['39°54′00″N 139°42′00″E', 39.9, 139.7],
    ["39°54'N 139°42'E", 39.9, 139.7],
    ['39°54\'00"S, 139°42\'00"W', -39.9, -139.7],
    ['39°N 139°E', 39, 139],
  ])('%s', (text, lat, lon) => {
    const place = readPlace(text);
    expect(place?.lat).toBeCloseTo(lat, 9);
    expect(place?.lon).toBeCloseTo(lon, 9);
  });

  it('may be a grid place, in small letters and without spaces', () => {
    const [first, second] = [readPlace('54S TK 1234 5678'), readPlace('54stk12345678')];
    expect(first).not.toBeNull();
    expect(second).toEqual(first);
  });
});

describe('a grid place', () => {
  it.each(judged.places)('has the easting and northing of the judge at $lat $lon', (place) => {
    const [zone, , east, north] = (mgrs(place.lat, place.lon) ?? '').split(' ');
    expect(Number.parseInt(zone, 10)).toBe(place.zone);
    // Cut, not rounded, to 10 m: a grid place names the square that it lies in.
    expect(Number(east) * 10).toBe(Math.floor((place.easting_m % 100_000) / 10) * 10);
    expect(Number(north) * 10).toBe(Math.floor((place.northing_m % 100_000) / 10) * 10);
  });

  it.each(judged.places)('read back lies within its square at $lat $lon', ({ lat, lon }) => {
    const back = readPlace(mgrs(lat, lon) ?? '');
    expect(Math.abs((back?.lat ?? 99) - lat) * 111_000).toBeLessThan(11);
    expect(Math.abs((back?.lon ?? 999) - lon) * 111_000 * Math.cos((lat * Math.PI) / 180)).toBeLessThan(11);
  });

  it('is not written near a pole: degrees stand in its place', () => {
    expect(mgrs(84.1, 0)).toBeNull();
    expect(mgrs(-80.1, 0)).toBeNull();
    expect(placeText({ lat: 85, lon: 10 }, 'mgrs')).toBe('85°00′00″N 010°00′00″E');
  });
});

describe('a place in the way chosen', () => {
  const place = { lat: 39.9, lon: 139.7 };
  it('in degrees, minutes and seconds', () => expect(placeText(place, 'dms')).toBe('39°54′00″N 139°42′00″E'));
  it('in decimal degrees', () => expect(placeText(place, 'decimal')).toBe('39.90000 139.70000'));
  it('of the south and west, with a sign', () => expect(decimal(-1.5, -2.25)).toBe('-1.50000 -2.25000'));
});
