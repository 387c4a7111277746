/** What `GET /map` tells the own staff: own sensors with their coverage, and places that the party named. */

import type { NamedPlace } from './search';

export interface Coverage {
  height_m: number;
  /** Latitudes and longitudes of the edge, in order; empty where nothing is seen at this height. */
  outline: [number, number][];
}

export interface Sensor {
  name: string;
  lat: number;
  lon: number;
  reach_m: number;
  coverage: Coverage[];
}

export interface Mapped {
  sensors: Sensor[];
  places: NamedPlace[];
}
