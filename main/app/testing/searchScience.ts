/**
 * What a gradient search on the V1 twin must find, judged by the filters that were planted in it: 32 seeded units, half
 * of them simple cells, each against every control; the closed-form optimum where there is one; the best of many
 * restarts where there is none.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildModel } from '../../../models/macaque-v1-gabor-energy/index.ts';
import { createReference, type PlantedUnit } from '../../../models/macaque-v1-gabor-energy/reference.ts';
import { searchPlan, type SearchPlan } from '../../contract/plans.ts';
import { createRasteriser, type Rasteriser } from '../../engine/node/rasteriser.ts';
import { openTwinSession, type TwinLocation, type TwinSession } from '../../engine/node/twinSession.ts';
import { sha256Hex } from '../../platform/hash.ts';
import { Random } from '../../platform/random.ts';
import { searchAperture } from '../../search/constraints/aperture.ts';
import type { StimulusSource } from '../../search/model.ts';
import type { SearchOutcome } from '../../search/report.ts';
import { createSearch } from '../../search/search.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import { designCount, specAt } from '../../stimuli/design.ts';
import { listImageFiles } from '../../stimuli/node/photographs.ts';
import { renderSpec } from '../../stimuli/render.ts';
import { openLibrary } from '../../twins/node/library.ts';
import { installFolder } from '../backend.ts';
import { responseModel } from '../computeSearch.ts';
import { gratingReference } from '../defaultReference.ts';
import { samplePhotographs, sampleTwin } from '../sample.ts';

const unitsPerClass = 16;
const randomControls = 1000;
const restarts = 50;
/** Units per class whose yardstick has as many steps as the search; the others' has half. */
const fullYardsticks = 4;
const searchSteps = 120;

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-science-'));
const reference = createReference();
const chosen: PlantedUnit[] = (['V1-simple', 'V1-complex'] as const).flatMap((area) =>
  Random.fromSeed(1, `search science/${area}`).shuffle(reference.units[area]).slice(0, unitsPerClass),
);
const byKind = (area: string): PlantedUnit[] => chosen.filter((unit) => unit.area === area);

// Every fourth unit, the one that converged most slowly among them.
const yardstickSteps = (unit: PlantedUnit): number =>
  byKind(unit.area).indexOf(unit) % (unitsPerClass / fullYardsticks) === 0 ? searchSteps : searchSteps / 2;

let normalised: TwinSession;
let linear: TwinSession;
let unitIds: Record<string, string[]>;
let photographs: StimulusDesign;
let rasteriser: Rasteriser;

beforeAll(async () => {
  const library = await openLibrary({
    folder: path.join(folder, 'library'),
    builtInFolder: path.join(installFolder, 'dist', 'twins'),
  });
  const twin = await library.resolve(sampleTwin);
  const settings = { device: 'cpu' as const, batchSize: 16, threads: 1 };
  normalised = await openTwinSession(twin, settings);
  const modelFile = path.join(folder, 'energies.onnx');
  await writeFile(modelFile, buildModel({ normalisation: false }));
  const energies: TwinLocation = { ...twin, modelFile, sha256: 'without normalisation' };
  linear = await openTwinSession(energies, settings);
  unitIds = {};
  for (const unit of twin.units) (unitIds[unit.area] ??= [])[unit.index] = unit.unit;

  const images = new Map(
    (await listImageFiles(samplePhotographs)).map((file) => {
      const bytes = readFileSync(file);
      return [sha256Hex(bytes), bytes];
    }),
  );
  photographs = {
    type: 'images',
    imageSha256s: [...images.keys()],
    sizeDeg: 8,
    fit: 'cover',
    xDeg: 0,
    yDeg: 0,
    blank: false,
  };
  rasteriser = createRasteriser(normalised.field, async (_, sha256) => images.get(sha256) as Uint8Array);
});
afterAll(async () => {
  await normalised.release();
  await linear.release();
  rmSync(folder, { recursive: true, force: true });
});

function planFor(
  unit: PlantedUnit,
  options: { starts: number; steps: number; random: number; seed?: number },
): SearchPlan {
  return searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: sampleTwin,
    target: [{ area: unit.area, units: [unit.unit] }],
    space: { type: 'pixels' },
    optimiser: { type: 'gradient', steps: options.steps },
    constraints: {
      meanLuminance: 0.5,
      contrastRms: 0.15,
      aperture: {
        xDeg: unit.xDeg,
        yDeg: unit.yDeg,
        diameterDeg: Math.max(0.5, 1.5 * unit.sizeDeg),
        edgeDeg: 0.25,
      },
    },
    starts: options.starts,
    seed: options.seed ?? 1,
    // Yardsticks are compared with nothing.
    controls:
      options.random > 0
        ? { random: options.random, phaseScrambled: 19 }
        : { random: 0, phaseScrambled: 0, sameSpace: 0, bestOfReference: false },
    checkCandidate: false,
  });
}

async function search(session: TwinSession, plan: SearchPlan, bestOf: boolean): Promise<SearchOutcome> {
  const source = (design: StimulusDesign): StimulusSource => ({
    count: designCount(design),
    render: (index) => rasteriser.renderAt(design, index),
    spec: (index) => specAt(design, index),
  });
  const running = createSearch({
    plan,
    model: responseModel(session, { units: unitIds, manifest: session.twin.manifest }),
    reference: source(gratingReference),
    sources: bestOf ? { bestOf: source(photographs) } : {},
    renderSpec: (spec) => renderSpec(spec, session.field),
  });
  while (!running.done) await running.advance();
  return running.result();
}

/** Pixels within two standard deviations of the unit's envelope. */
function insideEnvelope(unit: PlantedUnit): (pixel: number) => boolean {
  const { sizePx, fieldOfViewDeg } = normalised.field;
  const pxPerDeg = sizePx / fieldOfViewDeg;
  const radius = unit.sizeDeg / 2;
  return (pixel) => {
    const x = ((pixel % sizePx) + 0.5 - sizePx / 2) / pxPerDeg - unit.xDeg;
    const y = -(Math.floor(pixel / sizePx) + 0.5 - sizePx / 2) / pxPerDeg - unit.yDeg;
    return x * x + y * y <= radius * radius;
  };
}

/** |cosine| between the picture's contrast and the span of the planted filters (one, or two in quadrature). */
function cosineToFilters(image: Float32Array, unit: PlantedUnit): number {
  const inside = insideEnvelope(unit);
  const filters = reference
    .plantedFilters(unit.index, unit.area)
    .map((filter) => filter.map((w, i) => (inside(i) ? w : 0)));
  const contrast = Float64Array.from(image, (value, i) => (inside(i) ? value - 0.5 : 0));
  const dot = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  // Gram–Schmidt, because cut filters are only nearly orthogonal.
  const basis: Float64Array[] = [];
  for (const filter of filters) {
    let rest = filter;
    for (const unitVector of basis) {
      const along = dot(rest, unitVector);
      rest = rest.map((value, i) => value - along * (unitVector[i] as number));
    }
    const norm = Math.sqrt(dot(rest, rest));
    basis.push(rest.map((value) => value / norm));
  }
  const squared = basis.reduce((sum, unitVector) => sum + dot(contrast, unitVector) ** 2, 0);
  return Math.sqrt(squared / dot(contrast, contrast));
}

/**
 * The largest w·s over pictures with the constraints of the plan. By the Karush–Kuhn–Tucker conditions the contrast
 * image is clip(b·(w/A − α)) within the aperture A; α and b are found by bisection, independently of the search.
 */
function matchedFilterResponse(filter: Float64Array, plan: SearchPlan): number {
  const { constraints } = plan;
  const weights = searchAperture(constraints.aperture, normalised.field);
  const mean = constraints.meanLuminance;
  const total = weights.reduce((sum, a) => sum + a, 0);
  const pixels = [...weights.keys()].filter((i) => (weights[i] as number) > 0);
  const at = (b: number, alpha: number, i: number): number => {
    const a = weights[i] as number;
    const room = a * Math.min(mean - constraints.range[0], constraints.range[1] - mean);
    return Math.min(room, Math.max(-room, b * ((filter[i] as number) / a - alpha)));
  };
  const alphaFor = (b: number): number => {
    const scaled = pixels.map((i) => (filter[i] as number) / (weights[i] as number));
    let low = Math.min(...scaled);
    let high = Math.max(...scaled);
    for (let n = 0; n < 200; n++) {
      const alpha = (low + high) / 2;
      const sum = pixels.reduce((s, i) => s + (weights[i] as number) * at(b, alpha, i), 0);
      if (sum > 0) low = alpha;
      else high = alpha;
    }
    return (low + high) / 2;
  };
  const contrastOf = (b: number): number => {
    const alpha = alphaFor(b);
    return Math.sqrt(pixels.reduce((s, i) => s + (weights[i] as number) * at(b, alpha, i) ** 2, 0) / total) / mean;
  };
  let low = 1e-6;
  let high = 1e9;
  for (let n = 0; n < 120; n++) {
    const b = Math.sqrt(low * high);
    if (contrastOf(b) < (constraints.contrastRms as number)) low = b;
    else high = b;
  }
  const b = Math.sqrt(low * high);
  const alpha = alphaFor(b);
  return pixels.reduce((sum, i) => sum + ((filter[i] as number) * at(b, alpha, i)) / mean, 0);
}

/** The searches of one class of cells with normalisation on; a file of its own each, so that two run side by side. */
export function describeSearches(area: 'V1-simple' | 'V1-complex'): void {
  describe.each(byKind(area).map((unit) => ({ name: unit.unit, unit })))('$name', ({ unit }) => {
    let outcome: SearchOutcome;
    let plan: SearchPlan;

    test('beats the best photograph and the best of 1,000 random images of the same mean and contrast', async () => {
      plan = planFor(unit, { starts: 4, steps: searchSteps, random: randomControls });
      outcome = await search(normalised, plan, true);
      const controls = new Map(outcome.controls.map((control) => [control.kind, control]));
      expect(controls.get('random')?.values.length).toBe(randomControls);
      expect(controls.get('best-of-set')?.values.length).toBe(designCount(photographs));
      const found = outcome.candidates[0]?.value as number;
      for (const control of outcome.controls) expect(found, control.label).toBeGreaterThan(control.best);
    });

    test('looks like the planted filter inside the envelope', () => {
      expect(
        cosineToFilters((outcome.candidates[0] as SearchOutcome['candidates'][number]).image, unit),
      ).toBeGreaterThanOrEqual(0.9);
    });

    test('keeps every constraint', () => {
      const { image } = outcome.candidates[0] as SearchOutcome['candidates'][number];
      const weights = searchAperture(plan.constraints.aperture, normalised.field);
      const total = weights.reduce((sum, a) => sum + a, 0);
      const mean = weights.reduce((sum, a, i) => sum + a * (image[i] as number), 0) / total;
      const variance = weights.reduce((sum, a, i) => sum + a * ((image[i] as number) - mean) ** 2, 0) / total;
      expect(Math.abs(mean / 0.5 - 1)).toBeLessThanOrEqual(1e-5);
      expect(Math.abs(Math.sqrt(variance) / mean / (plan.constraints.contrastRms as number) - 1)).toBeLessThanOrEqual(
        1e-5,
      );
      expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
    });

    test('reaches 99 % of the best of 50 restarts', async () => {
      const many = await search(
        normalised,
        planFor(unit, { starts: restarts, steps: yardstickSteps(unit), random: 0, seed: 2 }),
        false,
      );
      const blank = outcome.candidates[0]?.units[0]?.blank as number;
      const best = many.candidates[0]?.units[0]?.response as number;
      const found = outcome.candidates[0]?.units[0]?.response as number;
      const ratio = (found - blank) / (best - blank);
      expect(many.candidates.length).toBe(restarts);
      expect(ratio).toBeGreaterThanOrEqual(0.99);
    });
  });
}

/** Simple cells without normalisation, where the best picture is known in closed form. */
export function describeMatchedFilters(): void {
  describe.each(byKind('V1-simple').map((unit) => ({ name: unit.unit, unit })))(
    'without normalisation, $name',
    ({ unit }) => {
      test('reaches 99 % of the closed-form matched filter', async () => {
        const plan = planFor(unit, { starts: 4, steps: searchSteps, random: 0 });
        const outcome = await search(linear, plan, false);
        const [filter] = reference.plantedFilters(unit.index, unit.area) as [Float64Array];
        // The output without normalisation is the squared linear response.
        const found = Math.sqrt(outcome.candidates[0]?.units[0]?.response as number);
        const closedForm = matchedFilterResponse(filter, plan);
        expect(found / closedForm).toBeGreaterThanOrEqual(0.99);
        expect(found / closedForm).toBeLessThanOrEqual(1.0001);
      });
    },
  );
}
