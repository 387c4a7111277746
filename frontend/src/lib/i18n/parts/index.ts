/** The texts of each part of the page: one line here for each, one file beside this one. */

import { AGREEMENTS } from './agreements';
import { PICTURE } from './picture';
import { SHELL } from './shell';
import { SIDES } from './sides';
import { TOUR } from './tour';

export const PARTS = {
  ...AGREEMENTS,
  ...PICTURE,
  ...SHELL,
  ...SIDES,
  ...TOUR,
} as const;
