/** The texts of each part of the page: one line here for each, one file beside this one. */

import { PICTURE } from './picture';
import { SHELL } from './shell';

export const PARTS = {
  ...PICTURE,
  ...SHELL,
} as const;
