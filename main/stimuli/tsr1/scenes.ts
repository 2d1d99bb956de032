/** One to three matt superquadrics, lit from above, in front of 1/f noise. */
import { cos, degreesToRadians, sin } from '../../platform/exactMath.ts';
import type { Random } from '../../platform/random.ts';
import { tsr1Random } from './classes.ts';
import { pick, uniformBetween } from './draws.ts';
import { cells, cellsPerDeg, pinkNoise } from './grid.ts';
import { cast, randomRotation, reachOf, type Exponent, type Hit, type Superquadric } from './superquadric.ts';

const backgroundMean = 0.5;
const backgroundSd = 0.12;
const ambient = 0.15;
/** Rays per side of a cell. */
const raysPerCell = 2;
const rays = cells * raysPerCell;
const exponents: readonly Exponent[] = [2, 4, 8];

export type SceneParameters = { solids: number };

/** One, two and three solids in equal numbers, also in each half. */
export const sceneParameters = (k: number): SceneParameters => ({ solids: 1 + (Math.floor(k / 2) % 3) });

function drawSolid(random: Random): Superquadric & { albedo: number } {
  const semiAxis = (): number => uniformBetween(random, 0.6, 1.5);
  return {
    centre: [uniformBetween(random, -2, 2), uniformBetween(random, -2, 2), uniformBetween(random, -1, 1)],
    semiAxes: [semiAxis(), semiAxis(), semiAxis()],
    r: pick(random, exponents),
    t: pick(random, exponents),
    rotation: randomRotation(random),
    albedo: uniformBetween(random, 0.6, 1),
  };
}

/** Towards a distant light 35–60° from the line of sight, in a direction within 60° of straight up. */
function drawLight(random: Random): [number, number, number] {
  const fromSight = degreesToRadians(uniformBetween(random, 35, 60));
  const direction = degreesToRadians(uniformBetween(random, 30, 150));
  return [sin(fromSight) * cos(direction), sin(fromSight) * sin(direction), cos(fromSight)];
}

/** Luminance albedo·(ambient + (1 − ambient)·max(0, n·l)) (Lambert); nearer solids hide farther ones. */
export function scenePattern(k: number): Float64Array {
  const random = tsr1Random('scenes', k);
  const light = drawLight(random);
  const solids = Array.from({ length: sceneParameters(k).solids }, () => drawSolid(random));
  const background = pinkNoise(random);
  const depth = new Float32Array(rays * rays).fill(-Infinity);
  const shade = new Float32Array(rays * rays);
  const hit: Hit = { z: 0, normal: [0, 0, 1] };
  const perDeg = cellsPerDeg * raysPerCell;
  for (const solid of solids) {
    const [x, y] = solid.centre;
    const reach = reachOf(solid);
    const index = (deg: number): number => Math.min(rays, Math.max(0, Math.round(deg * perDeg + rays / 2)));
    for (let row = index(-y - reach); row < index(-y + reach); row++) {
      for (let column = index(x - reach); column < index(x + reach); column++) {
        const at = row * rays + column;
        const rayX = (column + 0.5 - rays / 2) / perDeg;
        const rayY = (rays / 2 - row - 0.5) / perDeg;
        if (!cast(solid, rayX, rayY, hit) || hit.z <= (depth[at] as number)) continue;
        const [nx, ny, nz] = hit.normal;
        const facing = Math.max(0, nx * light[0] + ny * light[1] + nz * light[2]);
        depth[at] = hit.z;
        shade[at] = solid.albedo * (ambient + (1 - ambient) * facing);
      }
    }
  }
  return averaged(shade, depth, background);
}

/** Means over each cell's rays; those that met nothing show the background. */
function averaged(shade: Float32Array, depth: Float32Array, background: Float64Array): Float64Array {
  const pattern = new Float64Array(cells * cells);
  for (let row = 0; row < rays; row++) {
    for (let column = 0; column < rays; column++) {
      const at = row * rays + column;
      const cell = Math.floor(row / raysPerCell) * cells + Math.floor(column / raysPerCell);
      const met = depth[at] !== -Infinity;
      const luminance = met ? (shade[at] as number) : backgroundMean + backgroundSd * (background[cell] as number);
      pattern[cell] = (pattern[cell] as number) + luminance / (raysPerCell * raysPerCell);
    }
  }
  return pattern;
}
