import { describe, expect, it } from 'vitest';
import { noOf } from './signin';

describe('why somebody is not signed in', () => {
  it('is one sentence for all that may be wrong with name and password', () =>
    expect(noOf(401, 'name and password do not fit, or the account may not sign in')).toEqual({ key: 'signin.wrong' }));

  it.each([
    ['too many wrong passwords: try again in 15 s', 15],
    ['too many requests: ask again in 0.4 s', 1],
    ['try again in 900 s', 900],
  ])('says how long to wait: %s', (line, seconds) =>
    expect(noOf(429, line)).toEqual({ key: 'signin.wait', values: { seconds } }));

  it.each(['', 'later'])('says to wait where nobody says how long: %s', (line) =>
    expect(noOf(429, line)).toEqual({ key: 'signin.later' }));

  it.each([
    [403, 'pages of another origin may not ask here', 'pages of another origin may not ask here'],
    [500, '', '500'],
  ])('is the line of the node otherwise: %i', (status, line, said) =>
    expect(noOf(status, line)).toEqual({ key: 'signin.refused', values: { line: said } }));
});
