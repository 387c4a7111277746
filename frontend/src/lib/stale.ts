/** From which age on something counts as old, seconds of the exercise. */

export const TRACK_STALE_S = 10;
/** A ship at anchor reports every three minutes; two missed reports make it old. */
export const VESSEL_STALE_S = 360;

const LASTING = ['launch', 'watch'];

/** Whether something is old. What happened once, where it started, and what is watched over do not grow old. */
export function isStale(what: { kind: string; area?: string; domain: string }, age_s: number): boolean {
  const lasts = what.kind === 'area' && LASTING.includes(what.area ?? '');
  if (lasts || what.kind === 'event' || what.kind === 'warning' || what.kind === 'disagreement') {
    return false;
  }
  return age_s > (what.domain === 'maritime' ? VESSEL_STALE_S : TRACK_STALE_S);
}
