/** What the built graph holds of HMAX: its filters, fitted, and its pools. Nothing of the builder's constants is read. */
import { intsAttribute, numbersOf, type Graph } from '../../../main/onnx/index.ts';

export interface FittedFilter {
  supportPx: number;
  wavelengthPx: number;
  sigmaPx: number;
  aspectRatio: number;
  /** Largest difference of a weight ÷ largest weight. */
  residual: number;
}

interface Shape {
  wavelengthPx: number;
  sigmaPx: number;
  aspectRatio: number;
}

/** Even Gabor within the pixels of the filter, mean taken off, scaled to the filter by least squares. */
function fitOf(weights: readonly number[], sidePx: number, angleDeg: number, shape: Shape) {
  const half = (sidePx - 1) / 2;
  const [s, c] = [Math.sin((angleDeg * Math.PI) / 180), Math.cos((angleDeg * Math.PI) / 180)];
  const inside = weights.map((w) => w !== 0);
  const values = weights.map((_, at) => {
    if (!inside[at]) return 0;
    const [x, y] = [(at % sidePx) - half, half - Math.floor(at / sidePx)];
    const [across, along] = [-x * s + y * c, x * c + y * s];
    const envelope = Math.exp(-(across ** 2 + (shape.aspectRatio * along) ** 2) / (2 * shape.sigmaPx ** 2));
    return envelope * Math.cos((2 * Math.PI * across) / shape.wavelengthPx);
  });
  const mean = values.reduce((sum, v) => sum + v, 0) / inside.filter(Boolean).length;
  const free = values.map((v, at) => (inside[at] ? v - mean : 0));
  const scale = free.reduce((sum, v, at) => sum + v * weights[at], 0) / free.reduce((sum, v) => sum + v * v, 0);
  const differences = free.map((v, at) => scale * v - weights[at]);
  return { error: differences.reduce((sum, d) => sum + d * d, 0), largest: Math.max(...differences.map(Math.abs)) };
}

/** Wavelength, width and aspect ratio of an even Gabor: steps to the best neighbour, smaller ones where none is better. */
export function fitFilter(weights: readonly number[], sidePx: number, angleDeg: number): FittedFilter {
  let shape: Shape = { wavelengthPx: 0.55 * sidePx, sigmaPx: 0.45 * sidePx, aspectRatio: 0.35 };
  let best = fitOf(weights, sidePx, angleDeg, shape);
  const steps = [-1, 0, 1];
  for (let width = 0.3; width > 1e-4;) {
    const around = shape;
    for (const a of steps) {
      for (const b of steps) {
        for (const c of steps) {
          const next = {
            wavelengthPx: around.wavelengthPx * Math.exp(a * width * 0.5),
            sigmaPx: around.sigmaPx * Math.exp(b * width),
            aspectRatio: around.aspectRatio * Math.exp(c * width),
          };
          const fit = fitOf(weights, sidePx, angleDeg, next);
          if (fit.error < best.error) [best, shape] = [fit, next];
        }
      }
    }
    if (shape === around) width /= 2;
  }
  return { supportPx: sidePx, ...shape, residual: best.largest / Math.max(...weights.map(Math.abs)) };
}

/** The square of weights that are not 0, of a filter that stands in the middle of a larger square. */
function trimmed(weights: readonly number[], sidePx: number): { weights: number[]; sidePx: number } {
  const half = (sidePx - 1) / 2;
  const reach = weights.reduce(
    (far, w, at) =>
      w === 0 ? far : Math.max(far, Math.abs((at % sidePx) - half), Math.abs(Math.floor(at / sidePx) - half)),
    0,
  );
  const own = 2 * reach + 1;
  return {
    sidePx: own,
    weights: Array.from({ length: own * own }, (_, at) => {
      const row = Math.floor(at / own) + half - reach;
      return weights[row * sidePx + (at % own) + half - reach];
    }),
  };
}

export const bandCount = 8;
const orientationsDeg = [0, 45, 90, 135];

/** The S1 filters of every scale, fine to coarse: one orientation of each, by turns. */
export function s1Filters(graph: Graph): FittedFilter[] {
  return Array.from({ length: bandCount }, (_, b) => b).flatMap((b) => {
    const tensor = graph.initializers.get(`s1_band${b}_filters`);
    if (tensor === undefined) throw new Error(`The graph has no filters of band ${b + 1}.`);
    const [, , sidePx] = tensor.shape;
    const values = [...numbersOf(tensor)];
    return [0, 1].map((scale) => {
      const o = (2 * b + scale) % orientationsDeg.length;
      const first = (scale * orientationsDeg.length + o) * sidePx * sidePx;
      const own = trimmed(values.slice(first, first + sidePx * sidePx), sidePx);
      return fitFilter(own.weights, own.sidePx, orientationsDeg[o]);
    });
  });
}

/** Width and step of C1's pools in pixels, band by band. */
export function c1Pools(graph: Graph): { widthPx: number; stepPx: number }[] {
  const node = (output: string) => {
    const found = graph.nodes.find(({ outputs }) => outputs[0] === output);
    if (found === undefined) throw new Error(`The graph has no ${output}.`);
    return found;
  };
  return Array.from({ length: bandCount }, (_, b) => {
    const [stride] = intsAttribute(node(`s1_band${b}_linear`), 'strides') ?? [1];
    const pool = node(`c1_band${b}`);
    const [cells] = intsAttribute(pool, 'kernel_shape') ?? [0];
    const [step] = intsAttribute(pool, 'strides') ?? [0];
    return { widthPx: stride * cells, stepPx: stride * step };
  });
}
