/**
 * Measures every figure of the card and says which differ from those stated in `measured.ts`; ends with 1 when one does.
 *
 * Usage: node bin/node24.cjs models/primate-motion-v1-mt/testing/measure.ts
 */
import { stated } from '../../figures.ts';
import { measured, type Figure, type FigureId } from '../measured.ts';
import { createReference } from '../reference.ts';
import { openBench, openEnergies } from './bench.ts';
import { measureAll } from './figures.ts';

const started = performance.now();
const results = await measureAll(await openBench(), await openEnergies(), createReference());
let differing = 0;
for (const id of Object.keys(measured) as FigureId[]) {
  const figure: Figure = measured[id];
  const now: Figure = { ...figure, ...results[id] };
  const agrees = stated(now) === stated(figure) && now.n === figure.n;
  if (!agrees) differing += 1;
  const difference = agrees ? '' : `  ← stated: ${stated(figure)}, n = ${figure.n}`;
  console.log(`${id}: ${now.what}: ${stated(now)}, n = ${now.n}; published: ${now.published || '–'}${difference}`);
}
console.log(`Measured in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
process.exitCode = differing === 0 ? 0 : 1;
