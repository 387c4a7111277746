import { describe, expect, it } from 'vitest';
import {
  ageOf,
  countdown,
  distance,
  dms,
  knots,
  localDate,
  localTime,
  position,
  secondsBetween,
  speed,
  times,
  utcDate,
  utcTime,
} from './format';

/** 5 April 2009, 02:30:15 UTC. */
const INSTANT_NS = 1_238_898_615_000_000_000;

describe('degrees, minutes, seconds', () => {
  it.each([
    [28.2, '28°12′00″N'],
    [-0.99999, '01°00′00″S'],
    [40.856, '40°51′22″N'],
    [0, '00°00′00″N'],
    [59.999999, '60°00′00″N'],
  ])('%f', (value, words) => expect(dms(value, 'N', 'S', 2)).toBe(words));

  it('of a position have latitude first', () => {
    expect(position(40.85, 129.666_666_67)).toBe('40°51′00″N 129°40′00″E');
    expect(position(-33.5, -70.25)).toBe('33°30′00″S 070°15′00″W');
  });
});

describe('instants', () => {
  it('are told in UTC', () => {
    expect(utcTime(INSTANT_NS)).toBe('02:30:15Z');
    expect(utcDate(INSTANT_NS)).toBe('2009-04-05');
  });

  it('are nine hours later in Tokyo and Seoul, on the next day if need be', () => {
    expect(localTime(INSTANT_NS)).toBe('11:30:15');
    expect(localDate(INSTANT_NS + 13 * 3600e9)).toBe('2009-04-06');
  });

  it('never show a second that has not come', () => {
    expect(utcTime(INSTANT_NS + 999_900_000)).toBe('02:30:15Z');
  });

  it('are apart by seconds', () => expect(secondsBetween(INSTANT_NS, INSTANT_NS + 2.5e9)).toBeCloseTo(2.5));
});

describe('lengths of time', () => {
  it.each([
    [200.9, '3:20'],
    [0.4, '0:00'],
    [-61, '1:01'],
    [3725, '1:02:05'],
  ])('%f s count down as %s', (seconds, words) => expect(countdown(seconds)).toBe(words));

  it.each([
    [-3, 'age.s', 0],
    [119.9, 'age.s', 119],
    [120, 'age.min', 2],
    [7199, 'age.min', 119],
    [7200, 'age.h', 2],
  ])('%f s are old by %s %i', (seconds, key, count) => expect(ageOf(seconds)).toEqual({ key, count }));
});

describe('measures', () => {
  it.each([
    [0, '0 m'],
    [999.4, '999 m'],
    [999.6, '1.0 km'],
    [9_949, '9.9 km'],
    [9_951, '10 km'],
    [312_400, '312 km'],
    [-450, '-450 m'],
  ])('%f m read %s', (metres, words) => expect(distance(metres)).toBe(words));

  it('of speed', () => {
    expect(speed(250.4)).toBe('250 m/s');
    expect(speed(4_321)).toBe('4.3 km/s');
    expect(knots(10.288_89)).toBe('20.0 kn');
    expect(times(20)).toBe('20×');
    expect(times(0.5)).toBe('0.5×');
  });
});
