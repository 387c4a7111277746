/** From which age on something counts as old, seconds of the exercise. */

export const TRACK_STALE_S = 10;
/** A ship at anchor reports every three minutes; two missed reports make it old. */
export const VESSEL_STALE_S = 360;

/** Whether something is old. What happened once, and where it started, does not grow old; a prediction does. */
export function isStale(what: { kind: string; area?: string; domain: string }, age_s: number): boolean {
  if (what.kind === 'event' || what.kind === 'warning' || what.kind === 'disagreement' || what.area === 'launch') {
    return false;
  }
  return age_s > (what.domain === 'maritime' ? VESSEL_STALE_S : TRACK_STALE_S);
}
