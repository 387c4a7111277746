import { describe, expect, it } from 'vitest';
import { heightText, lengthText, speedText } from './units';

const METRIC = { length: 'km', height: 'm' } as const;
const SEA = { length: 'nm', height: 'ft' } as const;

describe('units', () => {
  it.each([
    [1852, '1.0 NM'],
    [185_200, '100 NM'],
    [100, '100 m'],
    [0, '0 m'],
  ])('%d m is %s where miles are chosen', (value, text) => expect(lengthText(value, SEA)).toBe(text));

  it('are kilometres where these are', () => expect(lengthText(185_200, METRIC)).toBe('185 km'));
  it('of heights are feet', () => expect(heightText(9_144, SEA)).toBe('30000 ft'));
  it('of great heights are thousands of feet', () => expect(heightText(304_800, SEA)).toBe('1000 kft'));
  it('of heights are kilometres', () => expect(heightText(312_400, METRIC)).toBe('312 km'));
  it('of depth keep their sign', () => expect(heightText(-30.48, SEA)).toBe('-100 ft'));
  it('of ships are knots in either', () => {
    expect(speedText(5.144444, true, METRIC)).toBe('10.0 kn');
    expect(speedText(5.144444, true, SEA)).toBe('10.0 kn');
  });
  it('of what flies follow the choice', () => {
    expect(speedText(5_200, false, METRIC)).toBe('5.2 km/s');
    expect(speedText(514.4444, false, SEA)).toBe('1000.0 kn');
  });
});
