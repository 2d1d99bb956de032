/** The built-in motion twin: manifest, graph, unit table and golden checks. */
import type { GoldenChecks, TwinDraft, TwinUnit } from '../../main/contract/twins.ts';
import { writeGraph } from '../../main/onnx/index.ts';
import { cos, degreesToRadians, sin } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import { buildGraph, inputTensor } from './graph.ts';
import { manifest } from './manifest.ts';
import { areas, areaTraits, background, frameRateHz, frames, pxPerDeg, sizePx, unitsOf } from './parameters.ts';
import { createReference, type ReferenceModel } from './reference.ts';
import { samplePopulation, shippedSeed } from './sampling.ts';
import type { PlantedUnit } from './units.ts';
import { makeWeights } from './weights.ts';

export interface BuildOptions {
  seed?: number;
  /** Relative spread by which the parameters are jittered around those of the seed (0: none). */
  perturbation?: number;
}

/** The forward graph as bytes of an .onnx file; equal options give equal bytes on every machine. */
export function buildModel(options: BuildOptions = {}): Uint8Array<ArrayBuffer> {
  const population = samplePopulation(options.seed ?? shippedSeed, options.perturbation ?? 0);
  return writeGraph(buildGraph(population, makeWeights(population)));
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function unitRow(unit: PlantedUnit): TwinUnit {
  return {
    unit: unit.unit,
    area: unit.area,
    index: unit.index,
    xDeg: rounded(unit.xDeg, 5),
    yDeg: rounded(unit.yDeg, 5),
    // ±2 standard deviations.
    sizeDeg: rounded(4 * unit.fieldSdDeg, 4),
    extra: {
      direction_deg: rounded(unit.directionDeg, 4),
      spatial_frequency_cpd: rounded(unit.spatialFrequencyCpd, 5),
      temporal_frequency_hz: rounded(unit.temporalFrequencyHz, 4),
      speed_deg_per_s: rounded(unit.temporalFrequencyHz / unit.spatialFrequencyCpd, 4),
    },
  };
}

/** Blocks of 4 × 4 pixels and 4 frames of random luminance. */
function noiseClip(): Float32Array {
  const clip = new Float32Array(frames * sizePx * sizePx);
  const random = Random.fromSeed(shippedSeed, 'golden check');
  const [across, times] = [sizePx / 4, frames / 4];
  const blocks = Array.from({ length: times * across * across }, () => random.uniform());
  for (let at = 0; at < clip.length; at++) {
    const [frame, row, column] = [Math.floor(at / (sizePx * sizePx)), Math.floor(at / sizePx) % sizePx, at % sizePx];
    const block = (Math.floor(frame / 4) * across + Math.floor(row / 4)) * across + Math.floor(column / 4);
    clip[at] = blocks[block] as number;
  }
  return clip;
}

/** A plaid of 120° that moves up to the right: two gratings of 1.1 cpd and 6 Hz, contrast .4 each. */
function plaidClip(): Float32Array {
  const clip = new Float32Array(frames * sizePx * sizePx).fill(background);
  for (const direction of [-15, 105]) {
    const angle = degreesToRadians(direction);
    for (let at = 0; at < clip.length; at++) {
      const [frame, row, column] = [Math.floor(at / (sizePx * sizePx)), Math.floor(at / sizePx) % sizePx, at % sizePx];
      const x = (column + 0.5 - sizePx / 2) / pxPerDeg;
      const y = (sizePx / 2 - row - 0.5) / pxPerDeg;
      const phase = 2 * Math.PI * (1.1 * (x * cos(angle) + y * sin(angle)) - (6 * frame) / frameRateHz);
      clip[at] = (clip[at] as number) + background * 0.4 * cos(phase);
    }
  }
  return clip;
}

function goldenChecks(reference: ReferenceModel): GoldenChecks {
  const n = 2;
  const clips = new Float32Array(n * frames * sizePx * sizePx);
  clips.set(noiseClip());
  clips.set(plaidClip(), frames * sizePx * sizePx);
  const expected = reference.responses(clips, n);
  return {
    inputs: { [inputTensor]: { shape: [n, 1, frames, sizePx, sizePx], data: clips } },
    outputs: Object.fromEntries(
      areas.map((area) => [
        areaTraits[area].tensor,
        { shape: [n, unitsOf(area), frames], data: Float32Array.from(expected[area]), tolerance: 1e-4 },
      ]),
    ),
  };
}

/** The package's content; other options than none make a sibling, which `npm run siblings` gives an id and a card of its own. */
export function buildTwin(options: BuildOptions = {}): TwinDraft {
  const reference = createReference(options);
  return {
    manifest,
    model: buildModel(options),
    units: areas.flatMap((area) => reference.units[area].map(unitRow)),
    checks: goldenChecks(reference),
  };
}
