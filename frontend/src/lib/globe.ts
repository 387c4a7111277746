/**
 * A perspective globe on a plain 2-D canvas: a pinhole camera over a sphere, in Earth radii.
 *
 * The camera looks at a target on the ground from a distance, tilted away from the vertical. A point p is
 * seen at focal * (x / z, y / z), where x, y, z are p - camera along the camera's right, up and forward.
 * The Earth is a sphere here: coast and tracks share it, so the picture is consistent, but distances are
 * measured elsewhere, on the ellipsoid.
 */

import { combine, cross, DEGREE, dot, length, localAt, pointAt, unit, type Vector } from './vectors';

export interface Camera {
  lat: number;
  lon: number;
  /** Distance from the target in Earth radii. */
  range: number;
  /** Tilt from straight down, degrees. */
  pitch: number;
  /** Bearing that points up on the screen, degrees. */
  bearing: number;
}

/** A closed line on the sphere: x, y, z of its points, and the cap around it, by which it is left out early. */
export interface Ring {
  points: Float32Array;
  centre: Vector;
  /** Cosine of the cap's radius. */
  reach: number;
}

export interface Seen {
  x: number;
  y: number;
  /** Behind the Earth, or behind the camera. */
  hidden: boolean;
}

export interface Outline {
  x: number;
  y: number;
  semiMajor: number;
  semiMinor: number;
  /** As the canvas takes it: clockwise from right. */
  rotation: number;
}

/** Focal length as a multiple of the width: 45 degrees of view across it. */
const FOCAL = 1.2;
/** A canvas wider than this many heights shows more to the sides instead of less above and below. */
const ASPECT_MAX = 2;
/** Nothing nearer than this to the camera is drawn. */
const NEAR = 0.02;
/** A little inside the sphere, so that a point on the ground does not hide itself. */
const HIDING_RADIUS = 0.99975;
const LIMB_STEPS = 720;

export const RANGE_MIN = 0.01;
export const RANGE_MAX = 4;
export const PITCH_MAX = 78;
const LAT_MAX = 85;

/** The camera within what can be drawn; longitude within half a turn. */
export function bounded(camera: Camera): Camera {
  const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
  return {
    lat: clamp(camera.lat, -LAT_MAX, LAT_MAX),
    lon: ((((camera.lon + 180) % 360) + 360) % 360) - 180,
    range: clamp(camera.range, RANGE_MIN, RANGE_MAX),
    pitch: clamp(camera.pitch, 0, PITCH_MAX),
    bearing: ((camera.bearing % 360) + 360) % 360,
  };
}

/** The distance, in Earth radii, from which a length in Earth radii fills the width. */
export const rangeFor = (span: number): number => span * FOCAL;

export class Globe {
  readonly camera: Camera;
  readonly width: number;
  readonly height: number;
  /** Pixels per unit of x / z. */
  readonly focal: number;
  private readonly middleX: number;
  private readonly middleY: number;
  private readonly eye: Vector;
  private readonly right: Vector;
  private readonly up: Vector;
  private readonly forward: Vector;
  /** From the Earth's centre to the eye. */
  private readonly zenith: Vector;
  private readonly eyeDistance: number;

  constructor(camera: Camera, width: number, height: number) {
    this.camera = camera;
    this.width = width;
    this.height = height;
    this.middleX = width / 2;
    this.middleY = height / 2;
    this.focal = Math.min(width, height * ASPECT_MAX) * FOCAL;

    const local = localAt(camera.lat, camera.lon);
    const bearing = camera.bearing * DEGREE;
    const pitch = camera.pitch * DEGREE;
    const ahead = combine(local.north, Math.cos(bearing), local.east, Math.sin(bearing));
    const target = pointAt(camera.lat, camera.lon);
    const above = combine(target, 1, local.up, Math.cos(pitch) * camera.range);
    this.eye = combine(above, 1, ahead, -Math.sin(pitch) * camera.range);
    this.forward = unit(combine(target, 1, this.eye, -1));
    this.right = unit(cross(this.forward, combine(ahead, Math.cos(pitch), local.up, Math.sin(pitch))));
    this.up = cross(this.right, this.forward);
    this.eyeDistance = length(this.eye);
    this.zenith = unit(this.eye);
  }

  /** Right, up and forward of the camera. */
  private fromCamera(point: Vector): Vector {
    const ray = combine(point, 1, this.eye, -1);
    return [dot(ray, this.right), dot(ray, this.up), dot(ray, this.forward)];
  }

  /**
   * The pixel of a point, and whether the Earth hides it: the ray from the eye to it meets the sphere first.
   * |eye + t ray|^2 = r^2 is a quadratic in t; its nearer root lies between 0 and 1 then.
   */
  pixel(point: Vector): Seen {
    const ray = combine(point, 1, this.eye, -1);
    const depth = dot(ray, this.forward);
    let hidden = depth < 1e-3;
    if (!hidden) {
      const a = dot(ray, ray);
      const b = dot(this.eye, ray);
      const c = this.eyeDistance ** 2 - HIDING_RADIUS ** 2;
      const discriminant = b * b - a * c;
      if (discriminant > 0) {
        const nearer = (-b - Math.sqrt(discriminant)) / a;
        hidden = nearer > 0 && nearer < 0.9999;
      }
    }
    return {
      x: this.middleX + (this.focal * dot(ray, this.right)) / depth,
      y: this.middleY - (this.focal * dot(ray, this.up)) / depth,
      hidden,
    };
  }

  /** Whether a pixel is on the canvas, with a margin. */
  onCanvas(seen: Seen, margin = 0): boolean {
    return (
      seen.x >= -margin &&
      seen.y >= -margin &&
      seen.x <= this.width + margin &&
      seen.y <= this.height + margin
    );
  }

  /** The ground under a pixel as latitude and longitude; null beside the globe. */
  ground(x: number, y: number): [number, number] | null {
    const across = combine(this.forward, 1, this.right, (x - this.middleX) / this.focal);
    const ray = unit(combine(across, 1, this.up, -(y - this.middleY) / this.focal));
    const b = dot(this.eye, ray);
    const discriminant = b * b - (this.eyeDistance ** 2 - 1);
    if (discriminant < 0 || b > 0) {
      return null;
    }
    const point = combine(this.eye, 1, ray, -b - Math.sqrt(discriminant));
    return [Math.asin(Math.max(-1, Math.min(1, point[2]))) / DEGREE, Math.atan2(point[1], point[0]) / DEGREE];
  }

  /**
   * The horizon as a ring. Filled, it is the Earth's disc, also from a low camera, where the horizon's image
   * is a hyperbola that no ellipse of the canvas can draw.
   */
  limb(): Ring {
    const cosine = 1 / this.eyeDistance;
    const sine = Math.sqrt(1 - cosine * cosine);
    const pole: Vector = Math.abs(this.zenith[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
    const first = unit(cross(this.zenith, pole));
    const second = cross(this.zenith, first);
    const points = new Float32Array((LIMB_STEPS + 1) * 3);
    for (let step = 0; step <= LIMB_STEPS; step++) {
      const angle = (step / LIMB_STEPS) * 2 * Math.PI;
      const around = combine(first, sine * Math.cos(angle), second, sine * Math.sin(angle));
      points.set(combine(this.zenith, cosine, around, 1), step * 3);
    }
    return { points, centre: this.zenith, reach: cosine };
  }

  /**
   * Adds rings to the current path, to be filled by the even-odd rule.
   *
   * 1. A ring whose cap lies behind the horizon is left out.
   * 2. A ring of which no point is in front of the horizon is left out too, unless the camera is so low
   *    over it that its coast is beyond the horizon on every side: then all is land.
   * 3. Points behind the horizon slide onto it, straight away from the opposite point of the Earth, so that
   *    a coast is closed along the Earth's edge. A ring around the opposite point itself would wrap the
   *    whole edge and turn the fill inside out, sea filled and land not: the edge once more turns it back.
   * 4. What comes nearer to the camera than the near plane is cut there.
   */
  trace(path: CanvasPath, rings: readonly Ring[]): void {
    const cosine = 1 / this.eyeDistance;
    const horizon = Math.acos(cosine);
    for (const ring of rings) {
      const reach = Math.acos(Math.max(-1, Math.min(1, ring.reach)));
      if (dot(ring.centre, this.zenith) < Math.cos(Math.min(Math.PI, horizon + reach))) {
        continue;
      }
      const seen = this.inFront(ring.points, cosine);
      if (seen) {
        this.traceRing(path, ring.points, cosine);
      }
      if (this.surrounds(ring, seen ? -1 : 1)) {
        this.traceLimb(path);
      }
    }
  }

  /** Lines, such as those of the graticule: what is behind the horizon is left out, not slid onto it. */
  traceLines(path: CanvasPath, lines: readonly Vector[][]): void {
    for (const line of lines) {
      this.traceLine(path, line);
    }
  }

  /** A line of points at any height; it breaks where the Earth hides it. */
  traceLine(path: CanvasPath, line: readonly Vector[]): void {
    let drawing = false;
    for (const point of line) {
      const seen = this.pixel(point);
      if (!seen.hidden) {
        drawing ? path.lineTo(seen.x, seen.y) : path.moveTo(seen.x, seen.y);
      }
      drawing = !seen.hidden;
    }
  }

  /** Adds the horizon itself to the current path. */
  traceLimb(path: CanvasPath): void {
    this.traceRing(path, this.limb().points, 1 / this.eyeDistance);
  }

  private inFront(points: Float32Array, cosine: number): boolean {
    const [nx, ny, nz] = this.zenith;
    for (let at = 0; at < points.length; at += 3) {
      if (points[at] * nx + points[at + 1] * ny + points[at + 2] * nz >= cosine) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a ring has inside it the ground under the camera (side 1) or the opposite point of the Earth
   * (side -1). It winds once around the axis through both then. Where its cap has both points, the sense
   * tells which of them is inside: coasts are written clockwise, with the land to the right.
   */
  private surrounds(ring: Ring, side: 1 | -1): boolean {
    const height = dot(ring.centre, this.zenith) * side;
    if (height < ring.reach) {
      return false;
    }
    const turned = this.turns(ring.points);
    const both = -height >= ring.reach;
    return Math.abs(turned) > Math.PI && (!both || turned * side > 0);
  }

  /** The angle by which a ring winds around the axis under the camera, clockwise as seen from above. */
  private turns(points: Float32Array): number {
    const east = unit(cross(Math.abs(this.zenith[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0], this.zenith));
    const north = cross(this.zenith, east);
    let turned = 0;
    let last = 0;
    for (let at = 0; at <= points.length; at += 3) {
      const from = at === points.length ? 0 : at;
      const point: Vector = [points[from], points[from + 1], points[from + 2]];
      const azimuth = Math.atan2(dot(point, east), dot(point, north));
      if (at > 0) {
        const step = azimuth - last;
        turned += step > Math.PI ? step - 2 * Math.PI : step < -Math.PI ? step + 2 * Math.PI : step;
      }
      last = azimuth;
    }
    return turned;
  }

  /** The inner loop runs over 60,000 points of coast: plain numbers, no arrays made. */
  private traceRing(path: CanvasPath, points: Float32Array, cosine: number): void {
    const [nx, ny, nz] = this.zenith;
    const [ex, ey, ez] = this.eye;
    const [rx, ry, rz] = this.right;
    const [ux, uy, uz] = this.up;
    const [fx, fy, fz] = this.forward;
    const { focal, middleX, middleY } = this;
    const sine = Math.sqrt(1 - cosine * cosine);
    const count = points.length;
    let [lastX, lastY, lastZ] = [0, 0, 0];
    let started = false;

    for (let at = 0; at <= count; at += 3) {
      const from = at === count ? 0 : at;
      let x = points[from];
      let y = points[from + 1];
      let z = points[from + 2];
      const height = x * nx + y * ny + z * nz;
      if (height < cosine) {
        // Straight away from the zenith, onto the horizon.
        const [tx, ty, tz] = [x - height * nx, y - height * ny, z - height * nz];
        const stretch = sine / (Math.hypot(tx, ty, tz) || 1);
        x = nx * cosine + tx * stretch;
        y = ny * cosine + ty * stretch;
        z = nz * cosine + tz * stretch;
      }
      x -= ex;
      y -= ey;
      z -= ez;
      const right = x * rx + y * ry + z * rz;
      const up = x * ux + y * uy + z * uz;
      const depth = x * fx + y * fy + z * fz;
      if (at > 0 && lastZ < NEAR !== depth < NEAR) {
        const share = (NEAR - lastZ) / (depth - lastZ);
        const cutX = middleX + (focal * (lastX + (right - lastX) * share)) / NEAR;
        const cutY = middleY - (focal * (lastY + (up - lastY) * share)) / NEAR;
        started ? path.lineTo(cutX, cutY) : path.moveTo(cutX, cutY);
        started = true;
      }
      if (depth >= NEAR) {
        const [seenX, seenY] = [middleX + (focal * right) / depth, middleY - (focal * up) / depth];
        started ? path.lineTo(seenX, seenY) : path.moveTo(seenX, seenY);
        started = true;
      }
      [lastX, lastY, lastZ] = [right, up, depth];
    }
    if (started) {
      path.closePath();
    }
  }

  /**
   * The exact outline of an ellipsoid with these half axes.
   *
   * A quadric's dual Q* = A A^T - m m^T (homogeneous, m its centre, A its axes) is seen as the dual conic
   * C* = P Q* P^T; with P the pinhole camera that is the matrix below, and the conic is an ellipse while the
   * camera is outside and the ellipsoid wholly in front of it.
   */
  outline(centre: Vector, axes: [Vector, Vector, Vector]): Outline | null {
    const m = this.fromCamera(centre);
    const seen = axes.map((axis) => [dot(axis, this.right), dot(axis, this.up), dot(axis, this.forward)]);
    const dual = (i: number, j: number) =>
      seen[0][i] * seen[0][j] + seen[1][i] * seen[1][j] + seen[2][i] * seen[2][j] - m[i] * m[j];
    const last = dual(2, 2);
    if (last >= 0 || m[2] < 0) {
      return null;
    }
    const x = dual(0, 2) / last;
    const y = dual(1, 2) / last;
    const xx = x * x - dual(0, 0) / last;
    const xy = x * y - dual(0, 1) / last;
    const yy = y * y - dual(1, 1) / last;
    const mean = (xx + yy) / 2;
    const half = Math.hypot((xx - yy) / 2, xy);
    return {
      x: this.middleX + this.focal * x,
      y: this.middleY - this.focal * y,
      semiMajor: this.focal * Math.sqrt(Math.max(0, mean + half)),
      semiMinor: this.focal * Math.sqrt(Math.max(0, mean - half)),
      rotation: -0.5 * Math.atan2(2 * xy, xx - yy),
    };
  }
}
