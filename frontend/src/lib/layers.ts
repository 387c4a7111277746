/** What of a picture is drawn and listed: layers that are on, and filters. Kept in the address, a word each. */

import type { Pane } from './picture';
import type { Shown, ShownSight } from './types';

export const LAYERS = [
  'tracks',
  'sights',
  'trails',
  'uncertainty',
  'areas',
  'watch',
  'events',
  'vessels',
  'coverage',
  'places',
] as const;
export type Layer = (typeof LAYERS)[number];

export interface Choice {
  /** Layers that are off. */
  off: ReadonlySet<Layer>;
  /** Hidden originators, domains, and agreements under which something was received. */
  originators: ReadonlySet<string>;
  domains: ReadonlySet<string>;
  agreements: ReadonlySet<string>;
}

export const EVERYTHING: Choice = {
  off: new Set(),
  originators: new Set(),
  domains: new Set(),
  agreements: new Set(),
};

/** An own item was received under no agreement; so it is listed beside agreements. */
export const OWN = 'own';

/** `agreement@version` as the agreement alone: a new version is not another source. */
export const agreementOf = (under: string): string => under.split('@')[0];

/** The agreements of an item, `own` for what the party made itself. */
export const agreementsOf = (item: Pick<Shown, 'sender' | 'under'>): string[] => {
  const found = [...new Set((item.under ?? []).map(agreementOf))].sort();
  return found.length > 0 ? found : item.sender === null ? [OWN] : [];
};

const layerOf = (item: Shown): Layer | null => {
  if (item.kind === 'area') {
    return item.area === 'watch' ? 'watch' : 'areas';
  }
  return ({ track: 'tracks', event: 'events', vessel: 'vessels' } as const)[item.kind] ?? null;
};

/** Hidden where all that it stands on is hidden: what has one source that is wanted stays. */
const allHidden = (names: readonly string[], hidden: ReadonlySet<string>): boolean =>
  names.length > 0 && names.every((name) => hidden.has(name));

export function showsItem(choice: Choice, item: Shown): boolean {
  const layer = layerOf(item);
  return (
    !(layer && choice.off.has(layer)) &&
    !choice.domains.has(item.domain) &&
    !choice.originators.has(item.originator.split('/')[0]) &&
    !allHidden(agreementsOf(item), choice.agreements)
  );
}

export function showsSight(choice: Choice, sight: ShownSight): boolean {
  return (
    !choice.off.has(sight.domain === 'maritime' ? 'vessels' : 'sights') &&
    !choice.domains.has(sight.domain) &&
    !allHidden(sight.sources, choice.originators)
  );
}

export const isEverything = ({ off, originators, domains, agreements }: Choice): boolean =>
  off.size + originators.size + domains.size + agreements.size === 0;

/** A pane without what is hidden; the pane itself where nothing is. Warnings are never hidden. */
export function chosen(pane: Pane, choice: Choice): Pane {
  if (isEverything(choice)) {
    return pane;
  }
  return {
    ...pane,
    items: new Map([...pane.items].filter(([, item]) => item.kind === 'warning' || showsItem(choice, item))),
    sights: new Map([...pane.sights].filter(([, sight]) => showsSight(choice, sight))),
  };
}

export interface Offered {
  originators: string[];
  domains: string[];
  agreements: string[];
}

/** What there is to choose from in a pane, sorted; what is hidden stays in the list, to be shown again. */
export function offered(pane: Pane, choice: Choice): Offered {
  const originators = new Set(choice.originators);
  const domains = new Set(choice.domains);
  const agreements = new Set(choice.agreements);
  for (const item of pane.items.values()) {
    originators.add(item.originator.split('/')[0]);
    domains.add(item.domain);
    agreementsOf(item).forEach((name) => agreements.add(name));
  }
  for (const { sources, domain } of pane.sights.values()) {
    sources.forEach((source) => originators.add(source));
    domains.add(domain);
  }
  const sorted = (names: Set<string>) => [...names].sort();
  return { originators: sorted(originators), domains: sorted(domains), agreements: sorted(agreements) };
}

const NAMES: Readonly<Record<keyof Choice, string>> = {
  off: 'off',
  originators: 'noby',
  domains: 'nodom',
  agreements: 'nound',
};

const isLayer = (name: string): name is Layer => (LAYERS as readonly string[]).includes(name);

/** The choice that an address says. */
export function choiceOf(view: Readonly<Record<string, string | undefined>>): Choice {
  const set = (name: keyof Choice) =>
    new Set((view[NAMES[name]] ?? '').split(',').filter(Boolean).slice(0, 100));
  return {
    off: new Set([...set('off')].filter(isLayer)),
    originators: set('originators'),
    domains: set('domains'),
    agreements: set('agreements'),
  };
}

/** Words for the address; what is not hidden has none. */
export function viewOf(choice: Choice): Record<string, string> {
  const names = Object.keys(NAMES) as (keyof Choice)[];
  return Object.fromEntries(names.map((name) => [NAMES[name], [...choice[name]].sort().join(',')]));
}

/** The choice with one name switched. */
export function switched<Name extends keyof Choice>(choice: Choice, name: Name, entry: string): Choice {
  const set = new Set<string>(choice[name]);
  if (!set.delete(entry)) {
    set.add(entry);
  }
  return { ...choice, [name]: set };
}
