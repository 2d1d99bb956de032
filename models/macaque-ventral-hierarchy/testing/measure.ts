/** Measures the figures of `measured.ts` again. Usage: node testing/measure.ts; ends with 1 where a stated figure differs. */
import { buildWithParts } from '../index.ts';
import { measured, stated, type Figure, type FigureId, type Measurement } from '../measured.ts';
import { areas } from '../parameters.ts';
import { unitRows } from '../units.ts';
import { openBench } from './bench.ts';
import { fieldFigures, measureFields, measureTextureUnits, measureTolerance, textureFigures } from './measurements.ts';

const started = performance.now();
const { model, population } = buildWithParts();
const bench = await openBench(model);
const units = areas.flatMap((area) => unitRows(area, population));
const { gainInterval, figures: tolerance } = await measureTolerance(bench, 20, 1);
const results: Record<FigureId, Measurement> = {
  ...tolerance,
  ...textureFigures(await measureTextureUnits(bench, units, 15, 1)),
  ...fieldFigures(await measureFields(bench, 3, 1)),
};
let differing = 0;
for (const id of Object.keys(measured) as FigureId[]) {
  const figure: Figure = measured[id];
  const now: Figure = { ...figure, ...results[id] };
  const agrees = stated(now) === stated(figure) && now.n === figure.n;
  if (!agrees) differing++;
  const difference = agrees ? '' : `  ← stated: ${stated(figure)}, n = ${figure.n}`;
  console.log(`${id}: ${now.what}: ${stated(now)}, n = ${now.n}; expected: ${now.expected || '–'}${difference}`);
}
console.log(`95 % interval of the gain: ${gainInterval.map((value) => value.toFixed(1)).join(' to ')} points.`);
console.log(`Measured in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
process.exitCode = differing === 0 ? 0 : 1;
