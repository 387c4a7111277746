/** The texts of each part of the page: one line here for each, one file beside this one. */

import { SHELL } from './shell';

export const PARTS = {
  ...SHELL,
} as const;
