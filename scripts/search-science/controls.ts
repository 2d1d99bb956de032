/**
 * Searches for 16 units of every area, and for each area as a whole, against every control of science.md §4. All are made on the
 * same constraints over the whole field, so that the images of controls (a), (c), (d) and the gratings are shown once for all.
 */
import { fullField, openSubject, type Subject } from '../../bench/search/subject.ts';
import { sourceOf } from '../../main/app/computeSearch.ts';
import { stimulusDesign } from '../../main/contract/stimuli.ts';
import { createRasteriser } from '../../main/engine/node/rasteriser.ts';
import { type ConstraintSet, createConstraints } from '../../main/search/constraints/constraints.ts';
import { PhaseScrambles } from '../../main/search/controls/phaseScramble.ts';
import { evaluate } from '../../main/search/model.ts';
import { NoiseImages } from '../../main/search/spaces/noise.ts';
import { tsr1Place } from '../../main/stimuli/tsr1/classes.ts';
import type { Row } from './rows.ts';

const starts = 2;
const steps = 40;
const noiseImages = 999;
const scrambles = 99;
/** A step with a gradient counts as three forward passes. */
const equalEvaluations = 3 * starts * steps;
const seed = 1;

/** Responses to every image of a control; images × units. */
type Pools = Record<string, Float32Array[]>;
type Target = { area: string; label: string; plan: object; valueOf: (responses: Float32Array) => number };

/** The static twins with several areas: seconds on the first, minutes on the second. */
export const v1Controls = (): Promise<Row[]> => againstControls('macaque-v1-gabor-energy', 16);
export const ventralControls = (): Promise<Row[]> => againstControls('macaque-ventral-hierarchy', 8);

async function againstControls(twin: string, batchSize: number): Promise<Row[]> {
  const subject = await openSubject({ twin, batchSize, threads: 2 });
  const constraints = createConstraints(fullField, subject.model.field);
  const pools = await measurePools(subject, constraints);
  const rows: Row[] = [];
  for (const area of subject.areas) {
    const targets = targetsOf(subject, area);
    const beaten = new Map([...Object.keys(pools), `${scrambles} phase scrambles`].map((name) => [name, 0]));
    for (const target of targets) {
      const search = subject.search({ target: [target.plan], optimiser: { type: 'gradient', steps }, starts });
      while (!search.done) await search.advance();
      const found = search.result().candidates[0];
      if (found === undefined) throw new Error(`nothing was found for ${target.label}`);
      const scrambled = new PhaseScrambles(found.image, constraints, seed);
      const images = Array.from({ length: scrambles }, (_, i) => {
        const image = scrambled.image(i);
        if (image === null) throw new Error(`scramble ${i} of ${target.label} cannot be brought to the constraints`);
        return image;
      });
      const answers = await evaluate(subject.model, images, 'phase scrambles were shown');
      for (const [name, responses] of [...Object.entries(pools), [`${scrambles} phase scrambles`, answers] as const]) {
        if (responses.every((row) => target.valueOf(row) < found.value)) beaten.set(name, (beaten.get(name) ?? 0) + 1);
      }
    }
    for (const [name, count] of beaten) {
      rows.push({
        check: `${area}: ${targets.length - 1} units and the area beat ${name}`,
        measured: `${count} of ${targets.length}`,
        wanted: 'all',
        passed: count === targets.length,
      });
    }
  }
  await subject.close();
  return rows;
}

async function measurePools({ model, session, reference }: Subject, constraints: ConstraintSet): Promise<Pools> {
  const noise = new NoiseImages(constraints, 'pink', seed, 'random control');
  const start = new NoiseImages(constraints, 'pink', seed, 'same space');
  const rasteriser = createRasteriser(session.field, () => Promise.reject(new Error('no photographs here')));
  const halfB = sourceOf(stimulusDesign.parse({ type: 'tsr1', half: 'B', blank: false }), rasteriser);
  const projected = async (source: typeof halfB, index: number): Promise<Float32Array> =>
    constraints.project(await source.render(index), seed);
  const gratings: number[] = [];
  for (let i = 0; i < reference.count; i++) {
    const spec = reference.spec(i);
    if (spec.type === 'tsr1' && tsr1Place(spec.index).key === 'gratings') gratings.push(i);
  }
  if (gratings.length === 0) throw new Error('the reference set has no gratings to be beaten');
  const shown = async (count: number, image: (index: number) => Promise<Float32Array>): Promise<Float32Array[]> => {
    const rows: Float32Array[] = [];
    for (let from = 0; from < count; from += model.batchSize) {
      const images: Float32Array[] = [];
      for (let i = from; i < Math.min(from + model.batchSize, count); i++) images.push(await image(i));
      rows.push(...(await evaluate(model, images, 'controls were shown')));
    }
    return rows;
  };
  return {
    [`${noiseImages} noise images`]: await shown(noiseImages, async (i) => noise.image(i)),
    [`${equalEvaluations} images of the same space`]: await shown(equalEvaluations, async (i) => start.image(i)),
    'half B of TSR-1': await shown(halfB.count, (i) => projected(halfB, i)),
    [`${gratings.length} gratings`]: await shown(gratings.length, (i) => projected(reference, gratings[i] as number)),
  };
}

function targetsOf({ model, scale, units }: Subject, area: string): Target[] {
  const whole: Target = {
    area,
    label: area,
    plan: { area },
    valueOf: (responses) => {
      let sum = 0;
      for (const [u, unit] of model.units.entries()) {
        if (unit.area !== area) continue;
        sum += (scale.areaCoefficient[u] as number) * ((responses[u] as number) - (scale.mean[u] as number));
      }
      return sum;
    },
  };
  const single = (u: number): Target => ({
    area,
    label: `${area} ${model.units[u]?.unit}`,
    plan: { area, units: [model.units[u]?.unit] },
    valueOf: (responses) => ((responses[u] as number) - (scale.mean[u] as number)) / (scale.sd[u] as number),
  });
  return [whole, ...(units.get(area) ?? []).map(single)];
}
