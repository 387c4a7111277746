import { describe, expect, it } from 'vitest';
import { OPTIONS } from './chosen';
import { zoneTime } from './zone';

const T_NS = Date.UTC(2009, 3, 5, 2, 32, 6) * 1e6;

describe('the time of a zone', () => {
  it.each([
    ['Asia/Tokyo', '2009-04-05 11:32:06'],
    ['Asia/Seoul', '2009-04-05 11:32:06'],
    ['Pacific/Honolulu', '2009-04-04 16:32:06'],
    ['America/New_York', '2009-04-04 22:32:06'],
    ['UTC', '2009-04-05 02:32:06'],
  ])('%s', (zone, time) => expect(zoneTime(T_NS, zone)).toBe(time));

  it('knows summer time', () =>
    expect(zoneTime(Date.UTC(2009, 0, 5, 2, 0, 0) * 1e6, 'America/New_York')).toBe('2009-01-04 21:00:00'));

  it('writes midnight as zero', () => expect(zoneTime(Date.UTC(2009, 0, 5) * 1e6, 'UTC')).toBe('2009-01-05 00:00:00'));

  it('is there for every zone that can be chosen', () =>
    OPTIONS.zone.forEach((zone) => expect(zoneTime(T_NS, zone)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)));
});
