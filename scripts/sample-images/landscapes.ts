/** Sample scenes with a horizon or a sky. */
import { Random } from '../../main/platform/random.ts';
import { clamp, mix, smooth, blend, lit, hex, noiseField, sky } from './tools.ts';
import type { Shader } from './tools.ts';

export function mountains(): Shader {
  const { noise, fractal } = noiseField('mountains');
  return (x, y) => {
    const haze = hex('c9d6e2');
    const cloud = smooth(0.05, 0.75, fractal(x * 2.2, y * 6 + 3, 6, 0.55) + 0.15);
    let colour = blend(sky(y / 0.6, hex('3f72ad'), hex('dbe4ea')), hex('f4f1ea'), cloud * 0.85);
    for (let layer = 0; layer < 5; layer++) {
      const rough = 0.5 + 0.035 * layer;
      const crest =
        0.36 +
        0.115 * layer -
        (0.2 - 0.022 * layer) * (fractal(x * (1.3 + layer * 0.4) + 11 * layer, layer * 7.3, 7, rough) + 0.25);
      if (y < crest) continue;
      const depth = y - crest;
      const slope = fractal(x * 9 + layer * 5, y * 9 - 4 * depth + layer, 6, 0.58);
      const light = clamp(0.62 + 0.5 * slope + 0.2 * noise(x * 5 + layer, y * 5));
      const rock = blend(hex('35424f'), hex('9aa3a6'), light);
      const snow = smooth(0.15, 0.5, light) * smooth(0.16, 0.02, depth) * (layer < 2 ? 1 : 0);
      const forest = blend(hex('0f1f14'), hex('4b6136'), clamp(light * 0.9 + 0.3 * fractal(x * 60, y * 60, 3)));
      const ground = layer < 2 ? blend(rock, hex('f3f6f8'), snow) : blend(rock, forest, smooth(1, 3, layer));
      colour = blend(ground, haze, [0.62, 0.45, 0.28, 0.12, 0.02][layer] as number);
    }
    return colour;
  };
}

export function clouds(): Shader {
  const { fractal } = noiseField('clouds');
  const density = (x: number, y: number) => {
    const flat = y * 1.9;
    const warp = 0.35 * fractal(x * 1.5 + 7, flat * 1.5, 4);
    return fractal(x * 1.7 + warp, flat * 2.1 + warp, 7, 0.54) + 0.12;
  };
  return (x, y) => {
    const here = density(x, y);
    const cover = smooth(-0.05, 0.4, here);
    const shade = clamp(0.78 + 0.9 * (here - density(x - 0.035, y - 0.05)) - 0.25 * smooth(0.3, 1.1, here));
    return blend(sky(y, hex('2f6ab3'), hex('a9c9e6')), lit(hex('fffdf8'), shade), cover);
  };
}

export function water(): Shader {
  const random = Random.fromSeed(1, 'water');
  const { fractal } = noiseField('water');
  const waves = Array.from({ length: 26 }, (_, index) => {
    const frequency = 2.2 * 1.17 ** index;
    const angle = 1.45 + 0.55 * random.normal();
    return {
      fx: frequency * Math.cos(angle),
      fy: frequency * Math.sin(angle),
      phase: random.uniform() * 6.283,
      tilt: 0.5 / Math.sqrt(index + 2),
    };
  });
  return (x, y) => {
    const depth = 1 / (y * 0.95 + 0.14);
    const px = (x - 0.7) * depth * 1.6;
    const py = depth * 3.4;
    const calm = 1 / (1 + 0.06 * depth * depth);
    let sx = 0;
    let sy = 0;
    for (const { fx, fy, phase, tilt } of waves) {
      const slope = tilt * Math.cos(fx * px + fy * py + phase + 0.6 * fractal(px * 0.7, py * 0.7, 2));
      sx += (slope * fx) / Math.hypot(fx, fy);
      sy += (slope * fy) / Math.hypot(fx, fy);
    }
    const mirror = clamp(0.45 + 0.42 * sy * calm + 0.22 * sx);
    const base = blend(hex('0b2b3a'), hex('8fb7c9'), mirror ** 1.5);
    const path = Math.exp(-(((x - 0.85) / (0.12 + 0.22 * y)) ** 2));
    const glint = smooth(0.55, 1.15, sy + 0.5 * sx + 0.25) * path;
    return blend(blend(base, hex('cfd9d6'), smooth(0.3, 0, y) * 0.6), hex('fff4d6'), clamp(glint));
  };
}

export function dunes(): Shader {
  const { fractal, noise } = noiseField('dunes');
  const surface = (x: number, y: number) => {
    const far = 1 / (y + 0.22);
    const px = (x - 0.7) * far * 0.9;
    const bend = fractal(px * 0.7, far * 0.5, 3, 0.4);
    // A dune rises slowly with the wind and falls steeply behind its crest.
    const along = (((far * 0.62 + 0.24 * px + 0.75 * bend) % 1) + 1) % 1;
    const dune = along < 0.72 ? along / 0.72 : (1 - along) / 0.28;
    const wind = Math.sin(2 * Math.PI * (7 * far * 0.62 + 5.5 * px + 4 * bend + 0.5 * noise(px * 4, far * 4)));
    return 0.17 * smooth(0, 1, dune) + 0.0028 * wind * smooth(0.02, 0.35, y);
  };
  return (x, y) => {
    const horizon = 0.24 + 0.02 * fractal(x * 2, 1, 4);
    if (y < horizon) return lit([1, 1, 1], mix(0.3, 0.72, smooth(0, 0.3, y)) + 0.05 * fractal(x * 2, y * 9, 4));
    const ground = y - horizon;
    const slope = (surface(x, ground) - surface(x - 0.01, ground - 0.003)) * mix(12, 24, smooth(0, 0.5, ground));
    const grain = 0.03 * noise(x * 220, y * 220);
    return lit([1, 1, 1], clamp(0.42 + slope + grain, 0.03, 1));
  };
}
