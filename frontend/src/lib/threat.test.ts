import { describe, expect, it } from 'vitest';
import { T0_NS } from './samples';
import { chancesOf, percent, windowOf } from './threat';
import type { Threat } from './types';

const NAMES = { en: 'North coast', ja: '北岸', ko: '북쪽 해안' };
const threat = (values: Partial<Threat> = {}): Threat => ({
  area: 'KOR-watch-north-coast',
  names: NAMES,
  impact: 0.07,
  overflight: 0.9,
  first_ns: T0_NS,
  last_ns: T0_NS + 61e9,
  ...values,
});

describe('a probability', () => {
  it.each([
    [0, '0 %'],
    [0.0004, '<1 %'],
    [0.0099, '<1 %'],
    [0.05, '5 %'],
    [0.99, '99 %'],
    [0.995, '>99 %'],
    [0.999999, '>99 %'],
    [1, '100 %'],
  ])('%f', (probability, words) => expect(percent(probability)).toBe(words));
});

describe('a threat', () => {
  it('has a window', () => expect(windowOf(threat())).toBe('02:30:00Z–02:31:01Z'));
  it('says the more probable first', () =>
    expect(chancesOf(threat())).toEqual([
      { key: 'threat.overflight', percent: '90 %' },
      { key: 'threat.impact', percent: '7 %' },
    ]));
  it('says nothing of what will not be', () =>
    expect(chancesOf(threat({ overflight: 0.0009 }))).toEqual([{ key: 'threat.impact', percent: '7 %' }]));
});
