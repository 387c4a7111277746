/** The texts of each part of the page: one line here for each, one file beside this one. */

import { ALARM } from './alarm';
import { PAST } from './past';
import { SHELL } from './shell';

export const PARTS = {
  ...ALARM,
  ...PAST,
  ...SHELL,
} as const;
