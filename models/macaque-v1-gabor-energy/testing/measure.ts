/**
 * Measures every figure of the card and says which differ from those stated in `measured.ts`; ends with 1 when one does.
 *
 * Usage: node bin/node24.cjs models/macaque-v1-gabor-energy/testing/measure.ts [--json]
 */
import { stated, type Measurement } from '../../figures.ts';
import { measured, type Figure, type FigureId } from '../measured.ts';
import { createReference } from '../reference.ts';
import { openBench } from './bench.ts';
import {
  drawUnits,
  contrastCurves,
  contrastFigures,
  maskedRates,
  maskFigures,
  measurePhase,
  sizeCurves,
  sizeFigures,
  measureTuning,
  placedUnits,
} from './measurements.ts';

const started = performance.now();
const reference = createReference();
const placed = placedUnits(reference);
const [full, linear] = [await openBench({}), await openBench({ normalisation: false })];
// Experiments that show every unit pictures of its own take a part of the units.
const some = drawUnits(placed, 256, 1);
const results: Record<FigureId, Measurement> = {
  ...sizeFigures(await sizeCurves(full, some)),
  ...maskFigures(
    await maskedRates(
      full,
      some.filter((_, i) => i % 4 === 0),
    ),
  ),
  ...(await measureTuning(full, linear, placed)),
  ...(await measurePhase(full, linear, some)),
  ...contrastFigures(
    await contrastCurves(
      full,
      reference,
      some.filter((_, i) => i % 4 === 0),
    ),
  ),
};
const rows = (Object.keys(measured) as FigureId[]).map((id) => {
  const figure: Figure = measured[id];
  const now: Figure = { ...figure, ...results[id] };
  return { id, now, agrees: stated(now) === stated(figure) && now.n === figure.n };
});
if (process.argv.includes('--json')) {
  console.log(
    JSON.stringify(
      rows.map(({ id, now: { what, n, value, quartiles, unit, published }, agrees }) => ({
        id,
        what,
        n,
        value,
        quartiles,
        unit: unit.trim(),
        published,
        statedOnCard: stated(measured[id]),
        agrees,
      })),
      null,
      2,
    ),
  );
} else {
  for (const { id, now, agrees } of rows) {
    const difference = agrees ? '' : `  ← stated: ${stated(measured[id])}, n = ${measured[id].n}`;
    console.log(`${now.what}: ${stated(now)}, n = ${now.n}; published: ${now.published || '–'}${difference}`);
  }
  console.log(`Measured in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
}
process.exitCode = rows.every(({ agrees }) => agrees) ? 0 : 1;
