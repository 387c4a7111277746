/** Moving the camera: by pointer, wheel, two fingers, keys and buttons, each to the same few steps. */

import { bounded, PITCH_MAX, rangeFor, type Camera, type Globe } from './globe';
import type { View } from './types';
import { DEGREE, EARTH_RADIUS_M } from './vectors';

export interface Moves {
  globe: () => Globe | null;
  home: () => Camera | null;
  move: (camera: Camera) => void;
  /** A tap at a pixel. */
  pick: (x: number, y: number) => void;
}

const HOME_PITCH = 38;
const TILTS = [0, HOME_PITCH, 62];
/** A pointer that moved less than this has tapped. */
const TAP_PX = 4;
/** Share of the view that an arrow key moves, in degrees for each Earth radius of distance. */
const ARROW = 7;
const ARROW_TURN = 10;
const KEY_ZOOM = 0.8;
const KEY_TILT = 6;
const CENTRE_ZOOM = 0.6;

export class Mover {
  private readonly moves: Moves;
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private turning = false;
  private travelled = 0;

  constructor(moves: Moves) {
    this.moves = moves;
  }

  /** The camera that shows what the scenario is about, seen aslant so that heights can be told. */
  static home({ lat, lon, span_m }: View): Camera {
    return bounded({ lat, lon, range: rangeFor(span_m / EARTH_RADIUS_M), pitch: HOME_PITCH, bearing: 0 });
  }

  private change(next: (camera: Camera) => Partial<Camera>): void {
    const camera = this.moves.globe()?.camera;
    if (camera) {
      this.moves.move(bounded({ ...camera, ...next(camera) }));
    }
  }

  /** Nearer below 1, further above. */
  zoom(factor: number): void {
    this.change(({ range }) => ({ range: range * factor }));
  }

  nextTilt(): void {
    this.change(({ pitch }) => ({ pitch: TILTS.find((tilt) => tilt > pitch + 1) ?? TILTS[0] }));
  }

  goHome(): void {
    const home = this.moves.home();
    if (home) {
      this.moves.move(home);
    }
  }

  /** Along and to the right of the direction that is up on the screen, degrees. */
  private shift(ahead: number, right: number): void {
    this.change(({ lat, lon, bearing }) => {
      const [sin, cos] = [Math.sin(bearing * DEGREE), Math.cos(bearing * DEGREE)];
      return {
        lat: lat + ahead * cos - right * sin,
        lon: lon + (ahead * sin + right * cos) / Math.cos(lat * DEGREE),
      };
    });
  }

  private turn(right_px: number, down_px: number): void {
    this.change(({ bearing, pitch }) => ({
      bearing: bearing - right_px * 0.3,
      pitch: Math.min(PITCH_MAX, pitch - down_px * 0.2),
    }));
  }

  /** Keeps the ground under the pointer under it. */
  private drag(fromX: number, fromY: number, toX: number, toY: number): void {
    const globe = this.moves.globe();
    const from = globe?.ground(fromX, fromY);
    const to = globe?.ground(toX, toY);
    if (from && to) {
      const turned = ((from[1] - to[1] + 540) % 360) - 180;
      this.change(({ lat, lon }) => ({ lat: lat + from[0] - to[0], lon: lon + turned }));
    } else if (globe) {
      const step = (globe.camera.range * 60) / globe.height;
      this.shift((toY - fromY) * step, (fromX - toX) * step);
    }
  }

  /** Centres on the ground at a pixel and goes nearer: moving without dragging. */
  private centre(x: number, y: number): void {
    const ground = this.moves.globe()?.ground(x, y);
    if (ground) {
      this.change(({ range }) => ({ lat: ground[0], lon: ground[1], range: range * CENTRE_ZOOM }));
    }
  }

  private readonly down = (event: PointerEvent): void => {
    if (this.pointers.size === 0) {
      this.travelled = 0;
    }
    this.turning = event.button === 2 || event.shiftKey;
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    (event.target as Element).setPointerCapture(event.pointerId);
  };

  private readonly along = (event: PointerEvent): void => {
    const last = this.pointers.get(event.pointerId);
    if (!last) {
      return;
    }
    const here = { x: event.offsetX, y: event.offsetY };
    this.travelled += Math.hypot(here.x - last.x, here.y - last.y);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    if (others.length > 0) {
      this.pinch(last, here, others[0]);
    } else if (this.travelled >= TAP_PX) {
      if (this.turning) {
        this.turn(here.x - last.x, here.y - last.y);
      } else {
        this.drag(last.x, last.y, here.x, here.y);
      }
    }
    this.pointers.set(event.pointerId, here);
  };

  private pinch(
    last: { x: number; y: number },
    here: { x: number; y: number },
    other: { x: number; y: number },
  ) {
    const before = Math.hypot(last.x - other.x, last.y - other.y);
    const after = Math.hypot(here.x - other.x, here.y - other.y);
    if (after > 1) {
      this.zoom(before / after);
    }
  }

  private readonly up = (event: PointerEvent): void => {
    const tapped = this.pointers.delete(event.pointerId) && this.travelled < TAP_PX;
    if (tapped && event.type === 'pointerup' && this.pointers.size === 0) {
      this.moves.pick(event.offsetX, event.offsetY);
    }
  };

  private readonly twice = (event: MouseEvent): void => this.centre(event.offsetX, event.offsetY);

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.zoom(Math.exp(Math.max(-100, Math.min(100, event.deltaY)) * 0.0015));
  };

  private readonly key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const step = (this.moves.globe()?.camera.range ?? 0) * ARROW;
    const turned = event.shiftKey;
    const acts: Record<string, () => void> = {
      ArrowUp: () => (turned ? this.turn(0, ARROW_TURN) : this.shift(step, 0)),
      ArrowDown: () => (turned ? this.turn(0, -ARROW_TURN) : this.shift(-step, 0)),
      ArrowLeft: () => (turned ? this.turn(-ARROW_TURN, 0) : this.shift(0, -step)),
      ArrowRight: () => (turned ? this.turn(ARROW_TURN, 0) : this.shift(0, step)),
      '+': () => this.zoom(KEY_ZOOM),
      '=': () => this.zoom(KEY_ZOOM),
      '-': () => this.zoom(1 / KEY_ZOOM),
      PageUp: () => this.change(({ pitch }) => ({ pitch: pitch + KEY_TILT })),
      PageDown: () => this.change(({ pitch }) => ({ pitch: pitch - KEY_TILT })),
      '0': () => this.goHome(),
    };
    const act = acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  };

  /** Listens on the box for keys and on the canvas for the rest; returns how to stop. */
  listen(box: HTMLElement, canvas: HTMLElement): () => void {
    const over = new AbortController();
    const { signal } = over;
    box.addEventListener('keydown', this.key, { signal });
    canvas.addEventListener('pointerdown', this.down, { signal });
    canvas.addEventListener('pointermove', this.along, { signal });
    canvas.addEventListener('pointerup', this.up, { signal });
    canvas.addEventListener('pointercancel', this.up, { signal });
    canvas.addEventListener('dblclick', this.twice, { signal });
    canvas.addEventListener('wheel', this.wheel, { signal, passive: false });
    canvas.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    return () => over.abort();
  }
}
