/** Any pattern brought to a stated mean luminance and RMS contrast in its aperture. */
import { TwinscopeError } from '../platform/errors.ts';
import { formatNumber } from './words.ts';

/**
 * Writes L = clip(bg + w·s·(field − m)) with s and m such that, weighted by w, the mean of L is bg and its standard
 * deviation is contrastRms·bg. Without clipping the first pass is exact; with it, s and m are corrected until both hold
 * to 1e-12. Throws 'bad-input' where no such image exists within [0, 1]; `what` begins its sentence.
 */
export function scaleToContrast(
  field: Float32Array,
  weights: Float64Array,
  background: number,
  contrastRms: number,
  out: Float32Array,
  what: string,
): Float32Array {
  let total = 0;
  let squares = 0;
  let sum = 0;
  const inside: number[] = [];
  for (let index = 0; index < field.length; index++) {
    const weight = weights[index] as number;
    if (weight <= 0) continue;
    inside.push(index);
    total += weight;
    squares += weight * weight;
    sum += weight * weight * (field[index] as number);
  }
  if (inside.length === 0) return out;
  let shift = sum / squares;
  let spread = 0;
  for (const index of inside) {
    const weight = weights[index] as number;
    const value = weight * ((field[index] as number) - shift);
    spread += weight * value * value;
  }
  const target = contrastRms * background;
  let scale = spread > 0 ? target / Math.sqrt(spread / total) : 0;
  let reached = 0;
  for (let attempt = 0; attempt < 500; attempt++) {
    let mean = 0;
    let power = 0;
    let free = 0;
    for (const index of inside) {
      const weight = weights[index] as number;
      const deviation = weight * scale * ((field[index] as number) - shift);
      const shown = Math.min(1 - background, Math.max(-background, deviation));
      if (shown === deviation) free += weight * weight;
      mean += weight * shown;
      power += weight * shown * shown;
    }
    mean /= total;
    reached = Math.sqrt(Math.max(0, power / total - mean * mean));
    if (Math.abs(mean) <= 1e-12 && Math.abs(reached / target - 1) <= 1e-12) {
      for (const index of inside) {
        const deviation = (weights[index] as number) * scale * ((field[index] as number) - shift);
        out[index] = background + Math.min(1 - background, Math.max(-background, deviation));
      }
      return out;
    }
    if (reached === 0 || free === 0) break;
    shift += (mean * total) / (scale * free);
    scale *= target / reached;
  }
  throw new TwinscopeError(
    'bad-input',
    `${what} of RMS contrast ${formatNumber(contrastRms)} does not fit between black and white on a background of ` +
      `${formatNumber(background)}: clipped, this sample reaches ${formatNumber(reached / background)}. Nothing was ` +
      'drawn. Ask for a lower contrast.',
  );
}
