/** All figures of the twin's card. */
import type { Measurement } from '../../figures.ts';
import type { FigureId } from '../measured.ts';
import { areas } from '../parameters.ts';
import type { ReferenceModel } from '../reference.ts';
import type { Bench } from './bench.ts';
import { measureDots } from './dots.ts';
import { measureAnchor, measureSampling } from './energies.ts';
import { contrastCurves, contrastFigures, measureTuning, tuningFigures } from './measurements.ts';

export async function measureAll(
  bench: Bench,
  energies: Bench,
  { units }: ReferenceModel,
): Promise<Record<FigureId, Measurement>> {
  const planted = areas.flatMap((area) => units[area]);
  return {
    ...measureSampling(),
    ...(await measureAnchor(energies)).figures,
    ...tuningFigures(await measureTuning(bench), planted),
    ...contrastFigures(await contrastCurves(bench, planted, 12)),
    ...(await measureDots(bench, units)),
  };
}
