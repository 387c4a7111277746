/** The texts of each part of the page: one line here for each, one file beside this one. */

import { DESK } from './desk';
import { SHELL } from './shell';
import { WHY } from './why';

export const PARTS = {
  ...DESK,
  ...SHELL,
  ...WHY,
} as const;
