/** The texts of each part of the page: one line here for each, one file beside this one. */

import { AGREEMENTS } from './agreements';
import { ALARM } from './alarm';
import { ALERTS } from './alerts';
import { DESK } from './desk';
import { HEALTH } from './health';
import { PAST } from './past';
import { PICTURE } from './picture';
import { SHELL } from './shell';
import { SIDES } from './sides';
import { TOUR } from './tour';
import { WHY } from './why';

export const PARTS = {
  ...AGREEMENTS,
  ...ALARM,
  ...ALERTS,
  ...DESK,
  ...HEALTH,
  ...PAST,
  ...PICTURE,
  ...SHELL,
  ...SIDES,
  ...TOUR,
  ...WHY,
} as const;
