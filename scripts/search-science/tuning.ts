/**
 * Complex cells of the V1 twin: orientation and spatial frequency at the peak of the found image's spectrum, against the
 * cell's own transfer functions.
 *
 * A complex cell adds the squares of two filters with equal gain at the preferred grating. Of cells with few subregions
 * (n_x below about .25) these differ: without response to uniform light the odd one, a² ∝ G(u)·sinh(au), has its peak at
 * u = coth(au), below the preferred u = ½[coth(au) + coth(au/2)]. At a fixed contrast the best image is the filter of the
 * larger norm, so that is where its spectrum must have its peak; the best grating lies elsewhere.
 */
import { openSubject } from '../../bench/search/subject.ts';
import { createReference } from '../../models/macaque-v1-gabor-energy/reference.ts';
import { Random } from '../../main/platform/random.ts';
import { fft2 } from '../../main/stimuli/fft.ts';
import { apertureWeights } from '../../main/stimuli/aperture.ts';
import type { SearchField } from '../../main/search/model.ts';
import { percent, type Row } from './rows.ts';

const cells = 64;
/** Steps of the canonical orientation experiment and of the 22 spatial frequencies (science.md §7): half of each. */
const halfOrientationDeg = 7.5;
const halfOctaves = 0.125;
const least = 95;

export async function tuning(): Promise<Row[]> {
  const subject = await openSubject({ twin: 'macaque-v1-gabor-energy', batchSize: 16, threads: 2 });
  const planted = createReference();
  const complex = subject.model.units.flatMap(({ area }, u) => (area === 'V1-complex' ? [u] : []));
  const chosen = Random.fromSeed(1, 'search science/tuning')
    .shuffle(complex.filter((u) => (subject.scale.sd[u] as number) > 0))
    .slice(0, cells);
  let oriented = 0;
  let asFilter = 0;
  let asGrating = 0;
  for (const u of chosen) {
    const { unit } = subject.model.units[u] as { unit: string };
    const own = planted.units['V1-complex'][complex.indexOf(u)];
    if (own?.unit !== unit) throw new Error(`no parameters of ${unit}`);
    const aperture = { xDeg: own.xDeg, yDeg: own.yDeg, diameterDeg: Math.max(0.5, 1.5 * own.sizeDeg), edgeDeg: 0.25 };
    const search = subject.search({
      target: [{ area: 'V1-complex', units: [unit] }],
      optimiser: { type: 'gradient', steps: 60 },
      constraints: { contrastRms: 0.15, aperture },
      starts: 2,
    });
    while (!search.done) await search.advance();
    const found = search.result().candidates[0];
    if (found === undefined) throw new Error(`nothing was found for ${unit}`);
    const { orientationDeg, cpd } = spectralPeak(found.image, subject.model.field, aperture);
    const filter = planted.plantedFilters(own.index, 'V1-complex').toSorted((a, b) => normOf(b) - normOf(a))[0];
    const passing = spectralPeak(filter as Float64Array, subject.model.field, undefined, 0);
    const turned = Math.abs(orientationDeg - own.orientationDeg) % 180;
    const isOriented = Math.min(turned, 180 - turned) <= halfOrientationDeg;
    if (isOriented) oriented++;
    if (isOriented && Math.abs(Math.log2(cpd / passing.cpd)) <= halfOctaves) asFilter++;
    if (isOriented && Math.abs(Math.log2(cpd / own.spatialFrequencyCpd)) <= halfOctaves) asGrating++;
  }
  await subject.close();
  const of = (count: number): string => `${percent(count, chosen.length)} of ${chosen.length}`;
  return [
    {
      check: 'V1 complex cells: the found image’s peak at that of the filter that passes most',
      measured: `${of(asFilter)} (orientation ${of(oriented)})`,
      wanted: `at least ${least} % within ${halfOrientationDeg}° and ${halfOctaves} octaves`,
      passed: (100 * asFilter) / chosen.length >= least,
    },
    {
      check: 'V1 complex cells: the found image’s peak at the preferred grating',
      measured: of(asGrating),
      wanted: 'reported: cells with few subregions prefer a grating finer than the best image',
      passed: null,
    },
  ];
}

const normOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);

/** Bars' orientation and frequency at the largest amplitude of the contrast image, zero-padded to 1,024 pixels. */
function spectralPeak(
  image: Float32Array | Float64Array,
  field: SearchField,
  aperture: Parameters<typeof apertureWeights>[0],
  background = field.background,
): { orientationDeg: number; cpd: number } {
  const n = 1024;
  const { sizePx, fieldOfViewDeg } = field;
  const weights = apertureWeights(aperture, field);
  const real = new Float64Array(n * n);
  const imaginary = new Float64Array(n * n);
  for (let i = 0; i < image.length; i++) {
    const at = Math.floor(i / sizePx) * n + (i % sizePx);
    real[at] = (weights[i] as number) * ((image[i] as number) - background);
  }
  fft2(real, imaginary, n);
  let peak = -1;
  let fx = 0;
  let fy = 0;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= n / 2; column++) {
      const at = row * n + column;
      const power = (real[at] as number) ** 2 + (imaginary[at] as number) ** 2;
      if (power <= peak) continue;
      peak = power;
      fx = column;
      // Row 0 is at the top: downwards is negative.
      fy = -(row < n / 2 ? row : row - n);
    }
  }
  const perBin = sizePx / fieldOfViewDeg / n;
  // The bars stand at right angles to the wave vector.
  const orientationDeg = (Math.atan2(fy, fx) * 180) / Math.PI + 90;
  return { orientationDeg: (orientationDeg + 360) % 180, cpd: Math.hypot(fx, fy) * perBin };
}
