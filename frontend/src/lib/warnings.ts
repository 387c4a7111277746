/** Warnings as the banner has them: which need somebody, what each says, and what it rests on. */

import type { Pane } from './picture';
import type { NotedWarning, Shown } from './api';

/** One stage of a warning: that it stands, or that it was withdrawn. Each needs somebody by itself. */
export const stageOf = ({ id, since_version, withdrawn }: NotedWarning): string =>
  `${id} ${since_version} ${withdrawn ? 'withdrawn' : 'stands'}`;

export const needsSomebody = ({ acknowledged }: NotedWarning): boolean => acknowledged.length === 0;

/** What is meant is before what is played, what needs somebody before what was seen, the newest first. */
export const ordered = (warnings: readonly NotedWarning[]): NotedWarning[] =>
  [...warnings].sort(
    (one, other) =>
      Number(needsSomebody(other)) - Number(needsSomebody(one)) ||
      Number(other.status === 'real') - Number(one.status === 'real') ||
      other.item.valid_ns - one.item.valid_ns ||
      one.id.localeCompare(other.id),
  );

/** Of a pane's warnings those that no banner tells already: one that was withdrawn since is another. */
export function untold(warnings: readonly Shown[], told: readonly NotedWarning[]): Shown[] {
  const stages = new Set(told.map(({ id, withdrawn }) => `${id} ${withdrawn}`));
  return warnings.filter(({ id, state }) => !stages.has(`${id} ${state === 'retracted'}`));
}

export type Sound = 'real' | 'drill' | 'cancel' | 'drill-cancel';

/** What is to be heard for a warning: a withdrawal has a tone of its own, and so has what is only played. */
export function soundOf({ status, withdrawn }: NotedWarning): Sound {
  if (status === 'real') {
    return withdrawn ? 'cancel' : 'real';
  }
  return withdrawn ? 'drill-cancel' : 'drill';
}

/** What is heard where several need somebody: what is meant before what is played, a warning before a withdrawal. */
export function loudest(warnings: readonly NotedWarning[]): Sound | null {
  const sounds = warnings.filter(needsSomebody).map(soundOf);
  return (['real', 'cancel', 'drill', 'drill-cancel'] as const).find((sound) => sounds.includes(sound)) ?? null;
}

/** Stages that are new since a look before: these alone break into what somebody is doing. */
export function newStages(before: ReadonlySet<string>, warnings: readonly NotedWarning[]): string[] {
  return warnings.filter(needsSomebody).map(stageOf).filter((stage) => !before.has(stage));
}

/** How many need somebody, for the title of the page; empty where none does. */
export function titleMark(warnings: readonly NotedWarning[]): string {
  const waiting = warnings.filter(needsSomebody);
  if (waiting.length === 0) {
    return '';
  }
  const sign = waiting.some(({ withdrawn }) => !withdrawn) ? '▲' : '✕';
  return `${sign}${waiting.length} `;
}

export interface Told {
  /** Where, as far as an item that it rests on says: latitude and longitude. */
  where: { lat: number; lon: number } | null;
  /** Half the longer axis of that item's region, metres. */
  within_m: number | null;
  /** When it happened, or is expected to have begun. */
  when_ns: number;
  /** When something comes down, or reaches what is threatened; null where nobody says. */
  impact_ns: number | null;
  /** Threats to what the party watches over, by the same object. */
  threats: Shown[];
  /** Disagreements about it that are open. */
  disputes: Shown[];
}

/** What a warning and the items around it in a pane tell together. */
export function toldOf(warning: NotedWarning, pane: Pane | undefined): Told {
  const items = pane ? [...pane.items.values()] : [];
  const basis = warning.basis.map((id) => pane?.items.get(id)).filter((item) => item !== undefined);
  const subjects = new Set([warning.item.subject, ...basis.map(({ subject }) => subject)]);
  const about = items.filter(({ subject, id }) => subjects.has(subject) && id !== warning.id);
  const placed = basis.find(({ lat, lon }) => lat != null && lon != null);
  const impacts = [...basis, ...about]
    .filter(({ area, expected_ns }) => area === 'impact' && expected_ns != null)
    .map(({ expected_ns }) => expected_ns as number);
  const threat = warning.item.threat;
  return {
    where: placed ? { lat: placed.lat as number, lon: placed.lon as number } : null,
    within_m: placed?.ellipse?.semi_major_m ?? null,
    when_ns: placed?.valid_ns ?? warning.item.valid_ns,
    impact_ns: threat ? threat.first_ns : impacts.length > 0 ? Math.min(...impacts) : null,
    threats: about.filter((item) => item.threat !== undefined && item.state !== 'retracted'),
    disputes: items.filter(
      ({ kind, state, accounts }) =>
        kind === 'disagreement' &&
        state === 'open' &&
        (accounts ?? []).some(
          ({ subject, basis: said }) => subjects.has(subject) || warning.basis.some((id) => said.startsWith(`${id} `)),
        ),
    ),
  };
}
