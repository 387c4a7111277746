/**
 * The tones of warnings, made here by Web Audio: no file, no other host. Four that nobody takes for each other: a
 * warning that is meant rises and falls without a pause, one that is played is short beeps with long pauses, and
 * what was withdrawn steps down, long where it is meant and short where it is played.
 */

import type { Sound } from './warnings';

export interface Note {
  /** Seconds from the beginning of the tone. */
  at_s: number;
  lasts_s: number;
  from_hz: number;
  to_hz: number;
  shape: OscillatorType;
}

const note = (at_s: number, lasts_s: number, from_hz: number, to_hz = from_hz, shape: OscillatorType = 'sine'): Note => ({
  at_s,
  lasts_s,
  from_hz,
  to_hz,
  shape,
});

export const TONES: Readonly<Record<Sound, readonly Note[]>> = {
  real: [0, 1, 2].flatMap((turn) => [
    note(turn, 0.5, 520, 1_040, 'sawtooth'),
    note(turn + 0.5, 0.5, 1_040, 520, 'sawtooth'),
  ]),
  cancel: [note(0, 0.7, 784, 784, 'triangle'), note(0.7, 0.7, 587, 587, 'triangle'), note(1.4, 1.2, 392, 392, 'triangle')],
  drill: [note(0, 0.12, 880), note(0.6, 0.12, 880), note(1.2, 0.12, 880)],
  'drill-cancel': [note(0, 0.12, 660), note(0.6, 0.25, 440)],
};

/** A tone is heard again after so long, while nobody has acknowledged. */
export const AGAIN_MS = 8_000;
const LOUDNESS = 0.25;
/** Rise and fall of a note, seconds: without them it clicks. */
const EDGE_S = 0.01;

/** Plays a tone; returns how long it lasts, seconds. */
export function play(context: AudioContext, sound: Sound): number {
  const begin_s = context.currentTime + 0.02;
  let end_s = 0;
  for (const { at_s, lasts_s, from_hz, to_hz, shape } of TONES[sound]) {
    const [oscillator, gain] = [context.createOscillator(), context.createGain()];
    const [from_s, until_s] = [begin_s + at_s, begin_s + at_s + lasts_s];
    oscillator.type = shape;
    oscillator.frequency.setValueAtTime(from_hz, from_s);
    oscillator.frequency.linearRampToValueAtTime(to_hz, until_s);
    gain.gain.setValueAtTime(0, from_s);
    gain.gain.linearRampToValueAtTime(LOUDNESS, from_s + EDGE_S);
    gain.gain.setValueAtTime(LOUDNESS, until_s - EDGE_S);
    gain.gain.linearRampToValueAtTime(0, until_s);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(from_s);
    oscillator.stop(until_s);
    end_s = Math.max(end_s, at_s + lasts_s);
  }
  return end_s;
}
