/** Sample scenes of plants. */
import { Random } from '../../main/platform/random.ts';
import { clamp, mix, smooth, blend, lit, hex, noiseField, scatter, sky } from './tools.ts';
import type { Colour, Shader } from './tools.ts';

export function fallenLeaves(): Shader {
  const random = Random.fromSeed(1, 'fallen leaves');
  const { fractal } = noiseField('fallen leaves');
  const colours = ['b5651d', '8c4a1b', 'd89b2b', '6e3b18', 'a63c1c', '7f7a2c', 'c9802f', '50301a'].map(hex);
  const leaves = Array.from({ length: 900 }, (_, index) => {
    const size = 0.03 / Math.sqrt(0.03 + 0.97 * random.uniform()) + (index < 500 ? 0.03 : 0);
    return {
      x: random.uniform() * 1.5 - 0.08,
      y: random.uniform() * 1.2 - 0.1,
      reach: size,
      angle: random.uniform() * 2 * Math.PI,
      narrow: 0.35 + 0.25 * random.uniform(),
      bend: 0.5 * (random.uniform() - 0.5),
      tone: 0.6 + 0.6 * random.uniform(),
      colour: colours[random.int(colours.length)] as Colour,
    };
  });
  const near = scatter(leaves, 0.03);
  return (x, y) => {
    let shadow = 1;
    for (const leaf of near(x, y)) {
      const c = Math.cos(leaf.angle);
      const s = Math.sin(leaf.angle);
      const along = ((x - leaf.x) * c + (y - leaf.y) * s) / leaf.reach;
      const across = ((y - leaf.y) * c - (x - leaf.x) * s) / leaf.reach + leaf.bend * (along * along - 0.4);
      const width =
        leaf.narrow * Math.max(0, 1 - along * along) * (1 - 0.35 * along) * (1 + 0.05 * Math.sin(38 * along));
      const inside = width - Math.abs(across);
      if (inside < -0.12) continue;
      if (inside < 0) {
        shadow *= mix(0.55, 1, -inside / 0.12);
        continue;
      }
      const vein = Math.min(
        Math.abs(across) / 0.03,
        Math.abs(((along * 6 - Math.abs(across) * 5) % 1) - 0.5) / 0.06 + 0.45,
      );
      const shade =
        0.72 + 0.35 * (across / leaf.narrow) * Math.cos(leaf.angle + 0.6) + 0.18 * fractal(x * 30, y * 30, 3);
      return lit(leaf.colour, shadow * leaf.tone * clamp(shade, 0.15, 1.5) * mix(1.45, 1, clamp(vein)));
    }
    return lit(hex('3a2c20'), shadow * (0.5 + 0.4 * fractal(x * 40, y * 40, 4)));
  };
}

export function bareTree(): Shader {
  const random = Random.fromSeed(1, 'bare tree');
  const { fractal } = noiseField('bare tree');
  type Twig = { x: number; y: number; reach: number; dx: number; dy: number; length: number; from: number; to: number };
  const twigs: Twig[] = [];
  const grow = (x: number, y: number, angle: number, length: number, width: number) => {
    if (width < 0.0007) return;
    const parts = 4;
    const taper = 0.74 ** (1 / parts);
    for (let part = 0; part < parts; part++) {
      const step = length / parts;
      const dx = Math.cos(angle);
      const dy = Math.sin(angle);
      const next = width * taper;
      twigs.push({
        x: x + (dx * step) / 2,
        y: y + (dy * step) / 2,
        reach: step / 2 + width,
        dx,
        dy,
        length: step,
        from: width,
        to: next,
      });
      x += dx * step;
      y += dy * step;
      width = next;
      angle += 0.22 * random.normal() - 0.03 * Math.cos(angle);
      if (part > 0 && random.uniform() < 0.4) {
        grow(
          x,
          y,
          angle + (random.uniform() < 0.5 ? -1 : 1) * (0.5 + 0.5 * random.uniform()),
          length * 0.68,
          width * 0.5,
        );
      }
    }
    const spread = 0.28 + 0.3 * random.uniform();
    grow(x, y, angle - spread, length * (0.74 + 0.16 * random.uniform()), width * 0.78);
    grow(x, y, angle + spread, length * (0.74 + 0.16 * random.uniform()), width * 0.66);
  };
  grow(0.47, 1.3, -Math.PI / 2 + 0.05, 0.32, 0.036);
  const near = scatter(twigs, 0.02);
  return (x, y) => {
    const ground = 1.19 + 0.02 * fractal(x * 3, 2, 4);
    if (y > ground) {
      const grass = fractal(x * 70, y * 22, 4, 0.7);
      const base = blend(hex('5c6134'), hex('a89a5c'), clamp(0.5 + 0.6 * grass));
      return lit(base, mix(0.75, 1.05, smooth(ground, 1.34, y)));
    }
    let colour = sky(y / 1.2, hex('7fa6cf'), hex('f3e3c8'));
    colour = blend(colour, hex('ffffff'), 0.75 * smooth(0.1, 0.9, fractal(x * 2, y * 5, 6, 0.55) + 0.1));
    for (const twig of near(x, y)) {
      const px = x - twig.x;
      const py = y - twig.y;
      const along = clamp((px * twig.dx + py * twig.dy) / twig.length, -0.5, 0.5);
      const half = mix(twig.from, twig.to, along + 0.5) / 2;
      const across = Math.hypot(px - along * twig.length * twig.dx, py - along * twig.length * twig.dy);
      if (across > half) continue;
      const side = (px * twig.dy - py * twig.dx) / half;
      const bark = 0.55 + 0.4 * side + 0.5 * fractal(x * 90, y * 25, 3);
      return lit(hex('6b5744'), clamp(bark, 0.12, 1.3));
    }
    return colour;
  };
}

export function meadow(): Shader {
  const random = Random.fromSeed(1, 'meadow');
  const { fractal } = noiseField('meadow');
  const greens = ['4f7a28', '6d9433', '365e1f', '8aa845', '2b4a1c', '9db45c'].map(hex);
  const blades = Array.from({ length: 2600 }, (_, index) => {
    const near = index / 2600;
    const y = 0.36 + 1.1 * near * near;
    const size = 0.05 + 0.3 * near;
    return {
      x: random.uniform() * 1.1 - 0.05,
      y: y - size / 2,
      reach: size * 0.62,
      foot: y,
      size,
      lean: 0.3 * random.normal(),
      width: 0.0022 + 0.009 * near,
      colour: greens[random.int(6)] as Colour,
      near,
      flower: random.uniform() < 0.055,
    };
  });
  const behind = scatter(blades, 0.02);
  return (x, y) => {
    for (const blade of behind(x, y)) {
      const up = (blade.foot - y) / blade.size;
      if (up < 0 || up > 1.05) continue;
      const centre = blade.x + blade.lean * blade.size * up * up;
      if (blade.flower) {
        const petal =
          Math.hypot(x - blade.x - blade.lean * blade.size, y - blade.foot + blade.size) / (blade.width * 2.2);
        const edge = 0.75 + 0.25 * Math.cos(9 * Math.atan2(y - blade.foot + blade.size, x - centre));
        if (petal < 0.3) return lit(hex('e8b923'), 1);
        if (petal < edge) return lit(hex('f5f2ea'), 0.7 + 0.3 * petal);
      }
      const side = (x - centre) / (blade.width * Math.max(0.05, 1 - up ** 1.5));
      if (Math.abs(side) > 0.5) continue;
      return lit(blade.colour, mix(0.25, 1.15, up) * (0.8 + 0.5 * side) * mix(0.65, 1, blade.near));
    }
    if (y > 0.42) return lit(hex('22361a'), 0.7 + 0.3 * fractal(x * 30, y * 30, 3));
    const trees = 0.33 - 0.05 * fractal(x * 6, 3, 6, 0.6);
    if (y > trees) return lit(hex('41603a'), 0.7 + 0.5 * fractal(x * 40, y * 40, 4, 0.7));
    return blend(
      sky(y / 0.4, hex('5f97d0'), hex('dbe8f0')),
      [1, 1, 1],
      0.8 * smooth(0.1, 0.7, fractal(x * 3, y * 7, 6)),
    );
  };
}
