/** Words that the parts of the room share. */

import type { Duty } from '../../lib/agreements';
import type { Key } from '../../lib/i18n';
import { hasWord, text } from '../../lib/language.svelte';

/** A duty in words; one that has none yet is shown by its name. */
export function dutyText({ name, value }: Duty): string {
  return hasWord('agreements.duty', name)
    ? text(`agreements.duty.${name}` as Key, { value })
    : `${name} ${value}`.trim();
}

