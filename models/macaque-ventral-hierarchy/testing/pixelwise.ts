/**
 * Single units from the pixels, written from the equations with Math alone: no filter, pool, grid or norm of the builder
 * is used, only the drawn choices (which unit, which prototype, which ends a product has). Geometry is worked out anew.
 */

const size = 192;
const pxPerDeg = 24;
const cells = size / 2;
const bars = [0, 45, 90, 135];
const support = (k: number): number => 7 + 2 * k;
const wavelength = (k: number): number => (2 * support(k)) / (4 - 0.05 * k);

/** Remembers what a function gave for a list of small whole numbers. */
function remembered<T>(compute: (...key: number[]) => T): (...key: number[]) => T {
  const known = new Map<string, T>();
  return (...key) => {
    const name = key.join(' ');
    let value = known.get(name);
    if (value === undefined) {
      value = compute(...key);
      known.set(name, value);
    }
    return value;
  };
}

interface Tap {
  dx: number;
  /** Counts up. */
  dy: number;
  u: number;
  even: number;
  odd: number;
}

const gabor = remembered((k: number, orientation: number): Tap[] => {
  const lambda = wavelength(k);
  const sigma = 0.8 * lambda;
  const phi = (bars[orientation] * Math.PI) / 180;
  const half = (support(k) - 1) / 2;
  const taps: Tap[] = [];
  for (let dy = -half; dy <= half; dy++) {
    for (let dx = -half; dx <= half; dx++) {
      if (Math.hypot(dx, dy) > support(k) / 2) continue;
      const u = -dx * Math.sin(phi) + dy * Math.cos(phi);
      const v = dx * Math.cos(phi) + dy * Math.sin(phi);
      const envelope = Math.exp(-(u ** 2 + 0.3 ** 2 * v ** 2) / (2 * sigma ** 2));
      const phase = (2 * Math.PI * u) / lambda;
      taps.push({ dx, dy, u, even: envelope * Math.cos(phase), odd: envelope * Math.sin(phase) });
    }
  }
  const mean = taps.reduce((sum, { even }) => sum + even, 0) / taps.length;
  return taps.map((tap) => ({ ...tap, even: tap.even - mean }));
});

/** Per band: stride of S1 in pixels, pool and step of C1 in S1 cells, window of C2 in S2 cells. */
const layout = [
  [1, 8, 4, 7],
  [1, 10, 5, 5],
  [2, 6, 3, 5],
  [2, 7, 4, 3],
  [2, 8, 4, 3],
  [3, 6, 3, 3],
  [3, 7, 3, 3],
  [3, 7, 4, 3],
];

const v1Scales = [1, 5, 12];

interface End {
  channel: number;
  column: number;
  row: number;
}

export interface Pixelwise {
  /** |G·s|/√(Σ s² + n·.05²) at a pixel. */
  s1(k: number, orientation: number, row: number, column: number): number;
  /** Largest S1 of both scales of a band over one C1 window. */
  c1(band: number, orientation: number, row: number, column: number): number;
  /** Energy of V1 at a cell of the grid of every second pixel. */
  v1(scale: number, orientation: number, row: number, column: number): number;
  /** √(⟨a²⟩⟨b²⟩)·((1 + ρ)/2)⁴ at a place of V2's grid; ends are displaced by cells, rows down. */
  v2Product(ends: { a: End; b: End }, place: { row: number; column: number }): number;
  /** The best match of a prototype (orientation, row, column) over its window and both bands of its group. */
  v4(place: { group: number; row: number; column: number }, prototype: ArrayLike<number>, sharpness: number): number;
}

export function pixelwise(image: ArrayLike<number>): Pixelwise {
  /** (L − .5)/.5, background beyond the field. */
  const contrast = (row: number, column: number): number =>
    row < 0 || column < 0 || row >= size || column >= size ? 0 : image[row * size + column] * 2 - 1;

  const squares = remembered((k, row, column) => {
    const half = (support(k) - 1) / 2;
    let energy = 0;
    for (let y = -half; y <= half; y++) {
      for (let x = -half; x <= half; x++) energy += contrast(row + y, column + x) ** 2;
    }
    return energy;
  });

  const s1 = remembered((k, orientation, row, column) => {
    const taps = gabor(k, orientation);
    const norm = Math.sqrt(taps.reduce((sum, { even }) => sum + even ** 2, 0));
    const linear = taps.reduce((sum, { dx, dy, even }) => sum + even * contrast(row - dy, column + dx), 0) / norm;
    return Math.abs(linear) / Math.sqrt(squares(k, row, column) + support(k) ** 2 * 0.05 ** 2);
  });

  const c1 = remembered((band, orientation, row, column) => {
    const [stride, pool, step] = layout[band];
    let largest = 0;
    for (let i = 0; i < pool * pool; i++) {
      const y = stride * (row * step + Math.floor(i / pool));
      const x = stride * (column * step + (i % pool));
      for (const k of [2 * band, 2 * band + 1]) largest = Math.max(largest, s1(k, orientation, y, x));
    }
    return largest;
  });

  /** Mean of s² under a Gaussian of 1°, cut at three standard deviations. */
  const localPower = remembered((row, column) => {
    let [sum, total] = [0, 0];
    for (let dy = -72; dy <= 72; dy++) {
      for (let dx = -72; dx <= 72; dx++) {
        const w = Math.exp(-(dx * dx + dy * dy) / (2 * 24 * 24));
        total += w;
        sum += w * contrast(row + dy, column + dx) ** 2;
      }
    }
    return sum / total;
  });

  const v1 = remembered((scale, orientation, row, column) => {
    const k = v1Scales[scale];
    const taps = gabor(k, orientation);
    const w = (2 * Math.PI) / wavelength(k);
    const part = (key: 'even' | 'odd', wave: (x: number) => number) => {
      const gain = taps.reduce((sum, tap) => sum + tap[key] * wave(w * tap.u), 0);
      return taps.reduce((sum, tap) => sum + tap[key] * contrast(2 * row - tap.dy, 2 * column + tap.dx), 0) / gain;
    };
    const energy = part('even', Math.cos) ** 2 + part('odd', Math.sin) ** 2;
    return energy / (0.33 ** 2 + 2 * localPower(2 * row, 2 * column));
  });

  const amplitude = ({ channel, column, row }: End, y: number, x: number): number => {
    const [r, c] = [y + row, x + column];
    if (r < 0 || c < 0 || r >= cells || c >= cells) return 0;
    return Math.sqrt(v1(Math.floor(channel / 4), channel % 4, r, c) + 1e-4);
  };

  return {
    s1,
    c1,
    v1,
    v2Product(ends, place) {
      const middle = (p: number) => ((p - 4) * 0.5 * pxPerDeg + size / 2 - 0.5) / 2;
      const sums = { w: 0, a: 0, b: 0, aa: 0, bb: 0, ab: 0 };
      for (let y = 0; y < cells; y++) {
        for (let x = 0; x < cells; x++) {
          const squared = (y - middle(place.row)) ** 2 + (x - middle(place.column)) ** 2;
          // The Gaussian of .5° is 6 cells wide; beyond 7.5 standard deviations its weight is below 1e-12.
          if (squared > 45 ** 2) continue;
          const w = Math.exp(-squared / (2 * 6 ** 2));
          const [a, b] = [amplitude(ends.a, y, x), amplitude(ends.b, y, x)];
          sums.w += w;
          sums.a += w * a;
          sums.b += w * b;
          sums.aa += w * a * a;
          sums.bb += w * b * b;
          sums.ab += w * a * b;
        }
      }
      const [a, b, aa, bb, ab] = [sums.a, sums.b, sums.aa, sums.bb, sums.ab].map((sum) => sum / sums.w);
      const correlation = (ab - a * b) / Math.sqrt((aa - a * a + 1e-4) * (bb - b * b + 1e-4));
      return Math.sqrt(aa * bb) * ((1 + correlation) / 2) ** 4;
    },
    v4({ group, row, column }, prototype, sharpness) {
      let nearest = Infinity;
      for (const band of [2 * group, 2 * group + 1]) {
        const [stride, pool, step, window] = layout[band];
        // Places stand .75° apart; an S2 patch covers four C1 cells, whose middle is 1.5 steps from the first.
        const first = stride * (1.5 * step + (pool - 1) / 2);
        const start = (place: number) =>
          Math.round(((place - 3) * 0.75 * pxPerDeg + size / 2 - 0.5 - first) / (stride * step) - (window - 1) / 2);
        for (let w = 0; w < window * window; w++) {
          const top = start(row) + Math.floor(w / window);
          const left = start(column) + (w % window);
          let distance = 0;
          for (let i = 0; i < 64; i++) {
            const value = c1(band, Math.floor(i / 16), top + (Math.floor(i / 4) % 4), left + (i % 4));
            distance += (value - prototype[i]) ** 2;
          }
          nearest = Math.min(nearest, distance);
        }
      }
      return Math.exp(-sharpness * nearest);
    },
  };
}
