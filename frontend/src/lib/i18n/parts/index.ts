/** The texts of each part of the page: one line here for each, one file beside this one. */

import { AGREEMENTS } from './agreements';
import { SHELL } from './shell';

export const PARTS = {
  ...AGREEMENTS,
  ...SHELL,
} as const;
