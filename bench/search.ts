/**
 * Stimulus search as ratios within one run, on the ventral hierarchy (224 px, batches of 8, CPU): how soon the gradient
 * passes a random search, what a step costs beyond the twin, and many starts at once against one at a time.
 *
 * `npm run bench search -- [--json] [--parts reach,overhead,seeds] [--areas V1,IT] [--starts 8] [--steps 40] [--threads 2]`.
 * The random search of the first is run once, by bench/search/randomSearch.ts (an hour), and kept in bench/search/random.json.
 */
import { parseArgs } from 'node:util';
import { interleaved, ratio } from './engine/statistics.ts';
import { countOf, namesOf } from './options.ts';
import { benchTwin } from './search/randomSearch.ts';
import { measureReach, mostForwards, type Reach, storedRandomSearch } from './search/reach.ts';
import { measureOverhead, measureSeeds, type Overhead, type Seeds } from './search/steps.ts';
import { openSubject, type Subject } from './search/subject.ts';

const batchSize = 8;
const rounds = 5;
/** Searches with one start that stand for sixteen. */
const alone = 4;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    parts: { type: 'string', default: 'reach,overhead,seeds' },
    areas: { type: 'string' },
    starts: { type: 'string', default: '8' },
    steps: { type: 'string', default: '40' },
    threads: { type: 'string', default: '2' },
  },
});
const parts = new Set(namesOf('parts', options.parts, ['reach', 'overhead', 'seeds']));
const starts = countOf('starts', options.starts);
const steps = countOf('steps', options.steps);
const subject = await openSubject({ twin: benchTwin, batchSize, threads: countOf('threads', options.threads) });
const areas = options.areas === undefined ? subject.areas : namesOf('areas', options.areas, subject.areas);

const gradientOverForward = await measureGradient(subject);
const random = storedRandomSearch(subject.session.twin.sha256);
if (parts.has('reach') && random === null) {
  console.error(
    'There is no random search of this twin. Make it first: node bin/node24.cjs bench/search/randomSearch.ts. ' +
      'The other parts are measured.',
  );
}
const reach: Reach[] = [];
if (parts.has('reach') && random !== null) {
  for (const area of areas) reach.push(await measureReach(subject, random, area, { starts, gradientOverForward }));
}
const overhead = parts.has('overhead') ? await measureOverhead(subject, starts, steps) : null;
const seeds = parts.has('seeds') ? await measureSeeds(subject, steps, alone) : null;
await subject.close();

if (options.json) console.log(JSON.stringify({ gradientOverForward, reach, overhead, seeds }, null, 2));
else print();

async function measureGradient({ model, reference, scale }: Subject): Promise<number> {
  const images = new Float32Array(batchSize * model.field.sizePx ** 2);
  for (let i = 0; i < batchSize; i++) images.set(await reference.render(i), i * model.field.sizePx ** 2);
  const cotangent = new Float32Array(batchSize * model.units.length);
  for (let i = 0; i < batchSize; i++) cotangent.set(Float32Array.from(scale.areaCoefficient), i * model.units.length);
  const { gradient } = model;
  if (gradient === null) throw new Error('this twin has no gradient');
  const tasks = {
    forward: () => model.responses(images, batchSize),
    gradient: () => gradient(images, batchSize, cotangent),
  };
  await interleaved(tasks, 1);
  const times = await interleaved(tasks, rounds);
  return ratio(times.gradient, times.forward);
}

function print(): void {
  console.log(`a gradient step counts ${gradientOverForward.toFixed(2)} forward passes (median of ${rounds} rounds)`);
  for (const { area, randomEvaluations, areaForwards, median, worst, unitForwards } of reach) {
    const count = (value: number | null): string => (value === null ? `not within ${mostForwards}` : value.toFixed(0));
    console.log(
      `${area}: passes the best of ${randomEvaluations} random images after ${count(areaForwards)} forward passes; ` +
        `${unitForwards.length} units: median ${count(median)}, worst ${count(worst)} (at most ${mostForwards})`,
    );
  }
  if (overhead !== null) printOverhead(overhead);
  if (seeds !== null) printSeeds(seeds);
}

function printOverhead({ steps: timed, stepMs, shareBeyondTwin }: Overhead): void {
  console.log(
    `a step of ${starts} starts takes ${stepMs.toFixed(0)} ms; beyond the twin ${(100 * shareBeyondTwin).toFixed(1)} % ` +
      `of it (at most 5 %; median of the slices of ${timed} steps)`,
  );
}

function printSeeds({ together, oneByOne, ratio: gain }: Seeds): void {
  console.log(
    `16 starts at once: ${together.perSecond.toFixed(3)} candidates/s; one at a time ` +
      `${oneByOne.perSecond.toFixed(3)} (${oneByOne.candidates} run): ${gain.toFixed(2)} ×`,
  );
}
