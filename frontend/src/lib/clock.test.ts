import { describe, expect, it } from 'vitest';
import { instantAt, referenceOf, type Pace } from './clock';
import { wished, wishOf } from './control';
import { T0_NS } from './samples';

const pace = (values: Partial<Pace> = {}): Pace => ({
  now_ns: T0_NS,
  speed: 20,
  paused: false,
  phase: 'running',
  message: '',
  heard_ms: 1_000,
  ...values,
});
const after_s = (instant_ns: number): number => Math.round((instant_ns - T0_NS) / 1e6) / 1e3;

describe('the clock', () => {
  it('ticks on by the speed that was told', () => expect(after_s(instantAt(pace(), 1_500))).toBe(10));

  it.each<[string, Partial<Pace>]>([
    ['paused', { paused: true }],
    ['starting', { phase: 'starting' }],
    ['ended', { phase: 'ended' }],
    ['failed', { phase: 'failed' }],
  ])('stands while %s', (_name, values) => expect(after_s(instantAt(pace(values), 9_000))).toBe(0));

  it('stands after a silence instead of guessing', () => expect(after_s(instantAt(pace(), 60_000))).toBe(50));

  it('does not run backwards', () => expect(after_s(instantAt(pace(), 900))).toBe(0));
});

describe('the instant by which ages count', () => {
  it("is that of the node's newest picture while it is fresh", () => {
    const pane = { up: true, at_ns: T0_NS - 15e9 };
    expect(after_s(referenceOf(pace(), pane, 1_000))).toBe(-15);
  });

  it('goes on with the clock when the node sends nothing new', () => {
    const pane = { up: true, at_ns: T0_NS - 100e9 };
    expect(after_s(referenceOf(pace(), pane, 1_000))).toBe(-30);
  });

  it('is the clock itself when the node is down', () => {
    expect(after_s(referenceOf(pace(), { up: false, at_ns: T0_NS - 100e9 }, 1_000))).toBe(0);
  });
});

describe('a wish', () => {
  it('is shown until the stream has had time to tell', () => {
    const wish = wishOf({ paused: true }, 1_000);
    expect(wished(wish, 'paused', false, 1_500)).toBe(true);
    expect(wished(wish, 'paused', false, 9_000)).toBe(false);
  });

  it('changes nothing else', () => {
    expect(wished(wishOf({ paused: true }, 1_000), 'speed', 20, 1_500)).toBe(20);
    expect(wished(wishOf({ restart: true }, 1_000), 'regime', 'hub-2014', 1_500)).toBe('hub-2014');
    expect(wished(null, 'speed', 5, 1_500)).toBe(5);
  });
});
