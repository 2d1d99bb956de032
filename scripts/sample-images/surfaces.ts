/** Sample scenes of surfaces and things. */
import { Random } from '../../main/platform/random.ts';
import { clamp, mix, smooth, blend, lit, hex, noiseField, cellField } from './tools.ts';
import type { Colour, Shader } from './tools.ts';

export function pebbles(): Shader {
  const sizes = [cellField('pebbles large', 0.8), cellField('pebbles small', 0.9), cellField('gravel', 1)];
  const { fractal, noise } = noiseField('pebbles');
  const palette = ['8d8f92', 'b9b2a6', '6b6460', 'c9c3b8', '9b8573', '56606a', 'a9a59c', '7c6f62'].map(hex);
  return (x, y) => {
    for (const [level, scale] of [7, 14, 30].entries()) {
      const wx = x * scale + 0.12 * noise(x * scale, y * scale);
      const wy = y * scale * 1.1 + 0.12 * noise(x * scale + 9, y * scale);
      const { first, second, dx, dy, id } = (sizes[level] as ReturnType<typeof cellField>)(wx, wy);
      const border = second - first;
      if (level < 2 && ((id[2] as number) < 0.12 + 0.1 * level || border < 0.07)) continue;
      const height = Math.sqrt(clamp(border / 0.75));
      const light = 0.28 + 0.62 * height - 0.55 * (dx + 1.2 * dy) * (1 - 0.4 * height);
      const grain = 1 + 0.22 * fractal(x * 45 + 50 * (id[0] as number), y * 45, 4, 0.7);
      const band = (id[1] as number) > 0.8 ? 1 + 0.35 * Math.sin(14 * (dx * (id[0] as number) + dy)) : 1;
      const base = palette[Math.floor((id[0] as number) * palette.length)] as Colour;
      return lit(base, clamp(light * grain * band, 0.03, 1.5) * [1.15, 0.85, 0.5][level]!);
    }
    return [0, 0, 0];
  };
}

export function bark(): Shader {
  const { ridged, fractal, noise } = noiseField('bark');
  const height = (x: number, y: number) => {
    const wander = 0.16 * fractal(x * 2.4, y * 1.3, 4);
    return ridged((x + wander) * 7, y * 1.5 + 0.4 * noise(x * 4, y * 3), 5) + 0.22 * fractal(x * 24, y * 13, 4, 0.6);
  };
  return (x, y) => {
    const here = height(x, y);
    const slope = (here - height(x + 0.004, y + 0.003)) * 3.2;
    const depth = smooth(0.85, 1.75, here);
    const lichen = smooth(0.35, 0.6, fractal(x * 3 + 4, y * 3, 5)) * smooth(1.2, 1.6, here);
    const base = blend(blend(hex('1c130d'), hex('8f7a63'), depth), hex('9aa67c'), 0.7 * lichen);
    const round = 1 - 1.1 * (x - 0.42) ** 2;
    return lit(base, clamp((0.85 + slope) * round, 0.05, 1.7));
  };
}

export function brickWall(): Shader {
  const { fractal, noise } = noiseField('bricks');
  const random = Random.fromSeed(1, 'bricks');
  const tones = Array.from({ length: 997 }, () => random.uniform());
  return (x, y) => {
    // A wall to the left that runs away to a vanishing point at the right, a pavement below it.
    const near = 1 / (1.75 - x);
    const v = (y - 0.42) * near * 1.75;
    const u = 3.2 * near;
    const fade = smooth(2, 7, u);
    if (v > 0.62) {
      const depth = 1 / (y - 0.42);
      const gx = x * depth * 2;
      const slab = Math.min(Math.abs(((((depth * 3) % 1) + 1) % 1) - 0.5), Math.abs((((gx % 1) + 1) % 1) - 0.5));
      const stone = 0.5 + 0.25 * fractal(gx * 12, depth * 30, 4) - 0.3 * smooth(0.46, 0.5, 0.96 - slab);
      return lit(hex('8d8a84'), clamp(stone + 0.2, 0.1, 1) * mix(0.5, 1, smooth(0.62, 0.85, v)));
    }
    const rows = v * 13 + 100;
    const row = Math.floor(rows);
    const columns = u * 8 + (row % 2) / 2;
    const column = Math.floor(columns);
    const edgeX = Math.min(columns - column, 1 - columns + column) * 2.4;
    const edgeY = Math.min(rows - row, 1 - rows + row);
    const wear = 0.035 * noise(columns * 4, rows * 4);
    const brick = smooth(0.06, 0.13, Math.min(edgeX, edgeY) + wear);
    const tone = tones[(row * 131 + column * 17) % 997] as number;
    const base = blend(blend(hex('7c2f20'), hex('c2714e'), tone), hex('4d3630'), tone > 0.86 ? 0.8 : 0);
    const face = lit(base, 0.9 + 0.35 * fractal(columns * 5, rows * 2.5, 5, 0.65));
    const joint = lit(hex('b9b0a2'), 0.6 + 0.3 * fractal(u * 60, v * 60, 3));
    const bevel = 1 + 0.35 * (smooth(0.2, 0.08, rows - row) - smooth(0.8, 0.95, rows - row)) * brick;
    const light = mix(1.05, 0.62, fade) * (0.85 + 0.25 * fractal(u * 0.8, v * 1.5, 3));
    return lit(blend(joint, face, brick), clamp(light * bevel, 0.05, 1.6));
  };
}

export function fruit(): Shader {
  const { fractal, noise } = noiseField('fruit');
  const fruits = [
    { x: 0.36, y: 0.64, r: 0.25, colour: hex('d9541e'), rough: 60 },
    { x: 0.68, y: 0.66, r: 0.22, colour: hex('8fae2c'), rough: 14 },
    { x: 0.5, y: 0.34, r: 0.22, colour: hex('b3202a'), rough: 9 },
  ].toReversed();
  return (x, y) => {
    for (const { x: cx, y: cy, r, colour, rough } of [...fruits].toReversed()) {
      const dx = (x - cx) / r;
      const dy = (y - cy) / r;
      const squared = dx * dx + dy * dy;
      if (squared > 1) continue;
      const dz = Math.sqrt(1 - squared);
      const bump = 0.12 * noise(dx * rough * 0.5, dy * rough * 0.5);
      const light = clamp(-0.5 * dx - 0.62 * dy + 0.6 * dz + bump);
      const shine = clamp((-0.42 * dx - 0.52 * dy + 0.75 * dz) ** 24) * 0.6;
      const spots = 1 + 0.18 * fractal(dx * 5 + cx * 20, dy * 5, 5, 0.6);
      return [...blend(lit(colour, (0.1 + 0.95 * light) * spots), [1, 1, 1], shine), 1];
    }
    const shadow = Math.hypot((x - 0.58) / 0.46, (y - 0.87) / 0.11);
    return [0, 0, 0, 0.6 * smooth(1, 0.2, shadow)];
  };
}

/** Stripes by reaction and diffusion (Gray & Scott 1985), wrapped over a rounded flank. */
export function stripes(): Shader {
  const n = 200;
  const random = Random.fromSeed(1, 'stripes');
  let u = new Float64Array(n * n).fill(1);
  let v = new Float64Array(n * n);
  for (let seed = 0; seed < 60; seed++) {
    const [top, left] = [random.int(n - 8), random.int(n - 8)];
    for (let row = top; row < top + 8; row++) {
      u.fill(0.5, row * n + left, row * n + left + 8);
      v.fill(0.25 + 0.1 * random.uniform(), row * n + left, row * n + left + 8);
    }
  }
  for (let step = 0; step < 6000; step++) {
    const nextU = new Float64Array(n * n);
    const nextV = new Float64Array(n * n);
    for (let row = 0; row < n; row++) {
      const up = ((row + n - 1) % n) * n;
      const down = ((row + 1) % n) * n;
      for (let column = 0; column < n; column++) {
        const at = row * n + column;
        const left = row * n + ((column + n - 1) % n);
        const right = row * n + ((column + 1) % n);
        const spread = (field: Float64Array) =>
          0.7 * (field[up + column]! + field[down + column]!) + 1.3 * (field[left]! + field[right]!) - 4 * field[at]!;
        const reaction = u[at]! * v[at]! * v[at]!;
        nextU[at] = u[at]! + 0.16 * spread(u) - reaction + 0.037 * (1 - u[at]!);
        nextV[at] = v[at]! + 0.08 * spread(v) + reaction - 0.097 * v[at]!;
      }
    }
    [u, v] = [nextU, nextV];
  }
  const sample = (x: number, y: number) => {
    const at = (ix: number, iy: number) => v[(((iy % n) + n) % n) * n + (((ix % n) + n) % n)]!;
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    return mix(mix(at(ix, iy), at(ix + 1, iy), x - ix), mix(at(ix, iy + 1), at(ix + 1, iy + 1), x - ix), y - iy);
  };
  const { fractal } = noiseField('stripes');
  return (x, y) => {
    const bend = Math.asin(clamp((y - 0.5) * 1.5, -1, 1));
    const dark = smooth(0.1, 0.2, sample(x * 130, (bend + 2) * 75));
    const hair = 1 + 0.16 * fractal(x * 25, y * 160, 4, 0.7);
    const light = 0.14 + 0.9 * clamp(Math.cos(bend + 0.45)) ** 1.2;
    return lit([1, 1, 1], mix(0.85, 0.06, dark) * light * hair);
  };
}
