/** Words that the parts of the room share. */

import type { Duty } from '../../lib/agreements';
import type { Key } from '../../lib/i18n';
import { hasWord, listed, text, word } from '../../lib/language.svelte';

/** Names of fields in words; one that has none yet is shown as it is. */
const fields = (names: string): string =>
  listed(names.split(', ').map((name) => word('agreements.field', name)));

/** A duty in words; one that has none yet is shown by its name. */
export function dutyText({ name, value: told }: Duty): string {
  const value = name === 'strip' ? fields(String(told)) : told;
  return hasWord('agreements.duty', name)
    ? text(`agreements.duty.${name}` as Key, { value })
    : `${name} ${value}`.trim();
}

