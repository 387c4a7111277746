import { describe, expect, it } from 'vitest';
import { AGAIN_MS, TONES, play, type Note } from './tones';
import type { Sound } from './warnings';

const SOUNDS = Object.keys(TONES) as Sound[];
const end = (notes: readonly Note[]): number => Math.max(...notes.map(({ at_s, lasts_s }) => at_s + lasts_s));

describe('the tones', () => {
  it('are four that differ', () =>
    expect(new Set(SOUNDS.map((sound) => JSON.stringify(TONES[sound]))).size).toBe(4));

  it.each(SOUNDS)('%s ends before it is heard again', (sound) =>
    expect(end(TONES[sound]) * 1_000).toBeLessThan(AGAIN_MS - 2_000));

  it('that are meant go on without a pause; those that are played are silent most of the time', () => {
    const sounding = (notes: readonly Note[]): number => notes.reduce((sum, { lasts_s }) => sum + lasts_s, 0) / end(notes);
    expect(sounding(TONES.real)).toBeCloseTo(1);
    expect(sounding(TONES.cancel)).toBeCloseTo(1);
    expect(sounding(TONES.drill)).toBeLessThan(0.4);
  });

  it.each(['cancel', 'drill-cancel'] as const)('%s steps down', (sound) => {
    const heights = TONES[sound].map(({ from_hz }) => from_hz);
    expect(heights).toEqual([...heights].sort((one, other) => other - one));
    expect(new Set(heights).size).toBeGreaterThan(1);
  });

  it('are played note by note, each ended', () => {
    const said: string[] = [];
    const param = { setValueAtTime: () => param, linearRampToValueAtTime: () => param };
    const oscillator = () => ({
      frequency: param,
      connect: (to: unknown) => to,
      start: (at_s: number) => said.push(`on ${at_s.toFixed(2)}`),
      stop: (at_s: number) => said.push(`off ${at_s.toFixed(2)}`),
    });
    const context = {
      currentTime: 10,
      destination: {},
      createOscillator: oscillator,
      createGain: () => ({ gain: param, connect: (to: unknown) => to }),
    } as unknown as AudioContext;
    expect(play(context, 'drill-cancel')).toBeCloseTo(0.85);
    expect(said).toEqual(['on 10.02', 'off 10.14', 'on 10.62', 'off 10.87']);
  });
});
