/**
 * What each regime gave each party, measured: medians of bench/RESULTS.md (a test holds the two together).
 *
 * `seen` is the share of the flight in which the party had the object where it is; `error_m` the error of its
 * position after the last burnout, in the seconds in which it had it at all.
 */

export interface Measured {
  seen: number;
  error_m: number;
}

export const MEASURED: Readonly<Record<string, Readonly<Record<string, Measured>>>> = {
  'separate-2009': {
    JPN: { seen: 0.944, error_m: 20.8 },
    KOR: { seen: 0.721, error_m: 336 },
    USA: { seen: 0.98, error_m: 14.8 },
  },
  'hub-2014': {
    JPN: { seen: 0.944, error_m: 20.8 },
    KOR: { seen: 0.983, error_m: 1430 },
    USA: { seen: 0.98, error_m: 14.8 },
  },
  'direct-2016': {
    JPN: { seen: 0.941, error_m: 19.3 },
    KOR: { seen: 0.979, error_m: 19.3 },
    USA: { seen: 0.98, error_m: 14.8 },
  },
  'realtime-2023': {
    JPN: { seen: 0.979, error_m: 15.1 },
    KOR: { seen: 0.974, error_m: 15.6 },
    USA: { seen: 0.98, error_m: 14.8 },
  },
  multilateral: {
    JPN: { seen: 0.98, error_m: 16.9 },
    KOR: { seen: 0.98, error_m: 16.3 },
    USA: { seen: 0.984, error_m: 16.5 },
  },
};
