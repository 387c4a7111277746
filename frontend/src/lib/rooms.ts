/** The rooms of the page, in their order: a row here is a room. */

import type { Component } from 'svelte';
import Agreements from '../rooms/Agreements.svelte';
import Desk from '../rooms/Desk.svelte';
import Health from '../rooms/Health.svelte';
import Picture from '../rooms/Picture.svelte';
import Sides from '../rooms/Sides.svelte';
import { condition } from './condition.svelte';
import type { DoorKind } from './door.svelte';
import type { Key } from './i18n';

export interface Room {
  id: string;
  title: Key;
  glyph: string;
  doors: readonly DoorKind[];
  /** Roles of a node that may come in; in an exercise everybody may. */
  roles: readonly string[] | 'all';
  /** The key that leads here. */
  key: string;
  component: Component<Record<string, never>>;
  /** How many things in it somebody should look at now. */
  badge?: () => number;
}

const BOTH = ['exercise', 'node'] as const;

// One line a room, so that rooms of several authors do not meet in one.
export const ROOMS: readonly Room[] = [
  { id: 'picture', title: 'room.picture', glyph: '◉', doors: BOTH, roles: ['watch', 'release'], key: '1', component: Picture },
  { id: 'sides', title: 'room.sides', glyph: '▥', doors: ['exercise'], roles: 'all', key: '2', component: Sides },
  { id: 'desk', title: 'room.desk', glyph: '⚖', doors: BOTH, roles: ['watch', 'release'], key: '3', component: Desk },
  { id: 'agreements', title: 'room.agreements', glyph: '⇄', doors: BOTH, roles: ['watch', 'release'], key: '4', component: Agreements },
  { id: 'health', title: 'room.health', glyph: '♥', doors: BOTH, roles: 'all', key: '5', component: Health, badge: () => condition.severe },
];

/** The rooms that somebody may go into. */
export const roomsFor = ({ kind, role }: { kind: DoorKind; role: string }): readonly Room[] =>
  ROOMS.filter(
    ({ doors, roles }) => doors.includes(kind) && (kind === 'exercise' || roles === 'all' || roles.includes(role)),
  );
