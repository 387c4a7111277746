/**
 * How a node is, as `GET /alerts` tells it: what is wrong as sentences, and figures as people read them. The
 * node decides what is wrong; here it is only said.
 */

import type { Condition, LedgerFigures, LinkState, Trouble } from './api';
import type { Key } from './i18n';
import type { Sentence, Value } from './why';

const GROUPS_IN_A_LINE = 4;
const MEGABYTE = 1e6;
const STRIP_MAX = 60;

/** A code with its figures: an alert, or how a link is. */
export type Told = Pick<Trouble, 'code' | 'party' | 'figures'>;

/** The sentence of an alert; a code that this page does not know yet stands there as it is. */
export function alertSentence({ code, party, figures }: Told): Sentence {
  const values: Record<string, Value> = { party: { group: 'party', code: party } };
  let key = `alert.${code}`;
  for (const [name, figure] of Object.entries(figures ?? {})) {
    if (name.endsWith('_ns') && typeof figure === 'number') {
      values[name.slice(0, -3)] = { instant: figure };
    } else if (name === 'seconds' && typeof figure === 'number') {
      values.seconds = { seconds: figure };
    } else if (name === 'free_mb' && typeof figure === 'number') {
      values.free = sizeText(figure * MEGABYTE);
    } else {
      values[name] = figure;
    }
  }
  // Since when keys are revoked is not always known; through a hub is said where it is.
  if (/keys-revoked$/.test(code) && 'since' in values) {
    key += '-since';
  }
  if (code === 'link-connected' && 'hub' in values) {
    key += '-hub';
  }
  return { key: key as Key, values };
}

/** The sentence of a link's state. */
export const linkSentence = (state: LinkState): Sentence =>
  alertSentence({ code: `link-${state.code}`, party: state.party, figures: state.figures ?? {} });

export const severeOf = (condition: Condition | null): number =>
  condition?.alerts.filter(({ severity }) => severity === 'severe').length ?? 0;

/** A fingerprint in lines of four groups, as it is read aloud. */
export function fingerprintLines(fingerprint: string): string[] {
  const groups = fingerprint.split(' ').filter(Boolean);
  const lines: string[] = [];
  for (let at = 0; at < groups.length; at += GROUPS_IN_A_LINE) {
    lines.push(groups.slice(at, at + GROUPS_IN_A_LINE).join(' '));
  }
  return lines;
}

/** `812 kB`, `3.4 MB`, `78 GB`: decimal units, three digits at most. */
export function sizeText(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (Math.round(value) >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

export type Integrity = 'bad' | 'first' | 'well';

/** Whether the ledger is whole, and whether all of it was looked over already. */
export function integrityOf({ damaged, lost, passes }: LedgerFigures): Integrity {
  if (damaged + lost > 0) {
    return 'bad';
  }
  return passes > 0 ? 'well' : 'first';
}

/** One look at a partner's link. */
export interface Look {
  wall_ns: number;
  up: boolean;
  unanswered: number;
}

export type Looks = Readonly<Record<string, readonly Look[]>>;

/** What was seen of each partner, with the newest look behind; the oldest go. */
export function looksWith(looks: Looks, { partners, wall_ns }: Condition): Looks {
  return Object.fromEntries(
    partners.map(({ party, up, unanswered }) => {
      const before = looks[party] ?? [];
      const again = before.at(-1)?.wall_ns === wall_ns;
      return [party, again ? before : [...before, { wall_ns, up, unanswered }].slice(-STRIP_MAX)];
    }),
  );
}
