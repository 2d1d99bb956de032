/**
 * The twin as an ONNX graph. A Gaussian is the product of one along x and one along y, so a unit's centre is a column of
 * weights along x and one along y: two matrix products instead of a filter over the picture.
 */
import { GraphBuilder, type Graph } from '../../main/onnx/index.ts';
import { exp } from '../../main/platform/exactMath.ts';
import {
  areas,
  areaTraits,
  background,
  blockPx,
  blocksPerDeg,
  contrastFloor,
  cutRadius,
  pxPerDeg,
  sizeBlocks,
  sizePx,
  spontaneousRate,
  type Area,
  type UnitParameters,
} from './parameters.ts';

export const inputTensor = 'stimulus';

/** Neighbouring units share a strip of the picture's columns. */
const unitsPerStrip = { midget: 32, parasol: 16 } as const;

/** A Gaussian along one axis of the raster: sample positions from its middle, sum 1 over an unbounded raster. */
interface Profile {
  /** First sample inside the raster. */
  from: number;
  weights: number[];
}

/**
 * @param centre place in samples from the middle of the raster
 * @param radius in samples
 * @param n samples of the raster; what lies outside it counts as background
 */
function profile(centre: number, radius: number, n: number): Profile {
  const first = Math.ceil(centre - cutRadius * radius + n / 2 - 0.5);
  const last = Math.floor(centre + cutRadius * radius + n / 2 - 0.5);
  const all = Array.from({ length: last - first + 1 }, (_, i) => {
    const z = (first + i + 0.5 - n / 2 - centre) / radius;
    return exp(-z * z);
  });
  const sum = all.reduce((total, weight) => total + weight, 0);
  const from = Math.max(0, first);
  return { from, weights: all.slice(from - first, Math.max(from - first, n - first)).map((weight) => weight / sum) };
}

/** Profiles as columns of a row-major [rows, profiles] matrix whose first row is sample `first`. */
function columns(profiles: readonly Profile[], first: number, rows: number, scales?: readonly number[]) {
  const matrix = new Float32Array(rows * profiles.length);
  for (const [column, { from, weights }] of profiles.entries()) {
    for (const [i, weight] of weights.entries()) {
      matrix[(from + i - first) * profiles.length + column] = weight * (scales?.[column] ?? 1);
    }
  }
  return matrix;
}

/** A radius in blocks, for means over blocks: the variance of a block along an axis, 1/12, is taken off, r²/2 being that of the Gaussian. */
const radiusInBlocks = (radiusDeg: number): number =>
  Math.sqrt(radiusDeg * blocksPerDeg * radiusDeg * blocksPerDeg - 1 / 6);

/** Builds one area's part of the graph. */
class AreaGraph {
  readonly #builder: GraphBuilder;
  readonly #name: string;
  readonly #units: readonly UnitParameters[];

  constructor(builder: GraphBuilder, area: Area, units: readonly UnitParameters[]) {
    this.#builder = builder;
    this.#name = areaTraits[area].tensor;
    this.#units = units;
  }

  #named(name: string): string {
    return `${this.#name}_${name}`;
  }

  perUnit(name: string, valueOf: (unit: UnitParameters) => number): string {
    return this.#builder.constant(this.#named(name), 'float32', [this.#units.length], this.#units.map(valueOf));
  }

  scalar(name: string, value: number): string {
    return this.#builder.constant(this.#named(name), 'float32', [], [value]);
  }

  node(op: string, inputs: readonly string[], name: string): string {
    return this.#builder.node(op, inputs, {}, this.#named(name));
  }

  /** Σ_y weights[y, unit] · rows[stimulus, y, unit]. */
  #summed(rows: string, weights: Float32Array<ArrayBuffer>, samples: number, name: string): string {
    const shape = [samples, this.#units.length];
    const along = this.#builder.constant(this.#named(`${name}_along_y`), 'float32', shape, weights);
    const weighted = this.node('Mul', [rows, along], `${name}_weighted`);
    const axes = this.#builder.constant(this.#named(`${name}_axis`), 'int64', [1], [1n]);
    return this.#builder.node('ReduceSum', [weighted, axes], { keepdims: 0 }, this.#named(name));
  }

  /** Sums over the centres of a [batch, size, size] picture, in strips of columns; each times the unit's scale. */
  centres(picture: string, strip: number, scales: readonly number[]): string {
    const builder = this.#builder;
    const parts: string[] = [];
    for (let at = 0; at < this.#units.length; at += strip) {
      const some = this.#units.slice(at, at + strip);
      const profiles = some.map((unit) => profile(unit.xDeg * pxPerDeg, unit.centreRadiusDeg * pxPerDeg, sizePx));
      const first = Math.min(...profiles.map(({ from }) => from));
      const end = Math.max(...profiles.map(({ from, weights }) => from + weights.length));
      const name = `strip_${parts.length}`;
      const bounds = [first, end, 2].map((value, i) =>
        builder.constant(this.#named(`${name}_${['start', 'end', 'axis'][i]}`), 'int64', [1], [BigInt(value)]),
      );
      const window = this.node('Slice', [picture, ...bounds], `${name}_window`);
      const weights = builder.constant(
        this.#named(`${name}_along_x`),
        'float32',
        [end - first, some.length],
        columns(profiles, first, end - first),
      );
      parts.push(this.node('MatMul', [window, weights], `${name}_rows`));
    }
    const rows =
      parts.length === 1 ? (parts[0] as string) : builder.node('Concat', parts, { axis: 2 }, this.#named('rows'));
    const along = this.#units.map((unit) => profile(-unit.yDeg * pxPerDeg, unit.centreRadiusDeg * pxPerDeg, sizePx));
    return this.#summed(rows, columns(along, 0, sizePx, scales), sizePx, 'centre');
  }

  /** Sums over Gaussians of a [batch, blocks, blocks] picture; each times the unit's scale. */
  overBlocks(
    picture: string,
    radiusOf: (unit: UnitParameters) => number,
    scales: readonly number[] | undefined,
    name: string,
  ): string {
    const along = (axis: 'x' | 'y') =>
      this.#units.map((unit) => {
        const place = axis === 'x' ? unit.xDeg : -unit.yDeg;
        return profile(place * blocksPerDeg, radiusInBlocks(radiusOf(unit)), sizeBlocks);
      });
    const shape = [sizeBlocks, this.#units.length];
    const weights = this.#builder.constant(
      this.#named(`${name}_along_x`),
      'float32',
      shape,
      columns(along('x'), 0, sizeBlocks),
    );
    const rows = this.node('MatMul', [picture, weights], `${name}_rows`);
    return this.#summed(rows, columns(along('y'), 0, sizeBlocks, scales), sizeBlocks, name);
  }
}

interface Pictures {
  /** [batch, size, size]: contrast s. */
  contrast: string;
  /** [batch, blocks, blocks]: block means of s and of s². */
  means: string;
  power: string;
}

function pictures(builder: GraphBuilder): Pictures {
  const scalar = (name: string, value: number) => builder.constant(name, 'float32', [], [value]);
  const shape = (name: string, size: number) => builder.constant(name, 'int64', [3], [-1n, BigInt(size), BigInt(size)]);
  const stimulus = builder.input(inputTensor, 'float32', ['batch', 1, sizePx, sizePx]);
  const difference = builder.node('Sub', [stimulus, scalar('background', background)], {}, 'difference');
  const contrast = builder.node('Mul', [difference, scalar('per_background', 1 / background)], {}, 'contrast');
  const square = builder.node('Mul', [contrast, contrast], {}, 'square');
  const blocks = shape('blocks_shape', sizeBlocks);
  const blockMeans = (values: string, name: string) => {
    const window = [blockPx, blockPx];
    const pooled = builder.node('AveragePool', [values], { kernel_shape: window, strides: window }, `${name}_pooled`);
    return builder.node('Reshape', [pooled, blocks], {}, name);
  };
  return {
    contrast: builder.node('Reshape', [contrast, shape('picture_shape', sizePx)], {}, 'picture'),
    means: blockMeans(contrast, 'block_means'),
    power: blockMeans(square, 'block_power'),
  };
}

function addArea(
  builder: GraphBuilder,
  { contrast, means, power }: Pictures,
  area: Area,
  units: UnitParameters[],
): void {
  const { polarity, cellClass, tensor } = areaTraits[area];
  const part = new AreaGraph(builder, area, units);
  const gains = units.map(({ centreGain }) => polarity * centreGain);
  const centre = part.centres(contrast, unitsPerStrip[cellClass], gains);
  const surround = part.overBlocks(
    means,
    ({ surroundRadiusDeg }) => surroundRadiusDeg,
    units.map(({ surroundGain }, i) => -surroundGain * (gains[i] as number)),
    'surround',
  );
  let drive = part.node('Add', [centre, surround], 'drive');
  if (cellClass === 'parasol') {
    const control = (unit: UnitParameters) => unit.gainControl as NonNullable<UnitParameters['gainControl']>;
    const pool = part.overBlocks(
      power,
      (unit) => control(unit).radiusDeg,
      units.map(() => 2),
      'pool',
    );
    // 1 + (√(2P + ε²) − ε)/c50
    const raised = part.node('Add', [pool, part.scalar('floor', contrastFloor * contrastFloor)], 'pool_raised');
    const root = part.node('Sqrt', [raised], 'pool_contrast');
    const perHalf = part.perUnit('per_c50', (unit) => 1 / control(unit).semiSaturationContrast);
    const rest = part.perUnit('one', (unit) => 1 - contrastFloor / control(unit).semiSaturationContrast);
    const relative = part.node('Mul', [root, perHalf], 'relative_contrast');
    const divisor = part.node('Add', [relative, rest], 'divisor');
    drive = part.node('Div', [drive, divisor], 'controlled');
  }
  const rate = part.node('Add', [drive, part.scalar('spontaneous', spontaneousRate[polarity])], 'rate');
  builder.node('Relu', [rate], {}, tensor);
  builder.output(tensor, 'float32', ['batch', units.length]);
}

/** Builds the forward graph. Input [batch, 1, 480, 480] luminance; outputs [batch, units] per area, in spikes/s. */
export function buildGraph(population: Record<Area, UnitParameters[]>): Graph {
  const builder = new GraphBuilder({ name: 'primate_retina_ganglion' });
  const shared = pictures(builder);
  for (const area of areas) addArea(builder, shared, area, population[area]);
  builder.metadata('twinscope_px_per_degree', String(pxPerDeg));
  return builder.build();
}
