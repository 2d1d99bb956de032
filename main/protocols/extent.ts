/** How much of the visual field a stimulus needs. */
import type { StimulusSpec } from '../contract/stimuli.ts';
import { tsr1Aperture, tsr1Place, tsr1SizeDeg } from '../stimuli/tsr1/classes.ts';
import { gaborOf } from '../stimuli/tsr1/gabors.ts';

/** Beyond this many standard deviations a full-contrast Gabor is less than a tenth of an 8-bit grey level. */
const gaborCutoffSigmas = 4;

/**
 * Side of the smallest square centred at fixation that holds all of a stimulus, in degrees of visual angle. Half of a
 * raised-cosine edge lies outside the diameter, which is measured at half height. A blank has no extent; one degree of
 * background stands for it.
 */
export function stimulusExtentDeg(spec: StimulusSpec): number {
  switch (spec.type) {
    case 'grating':
    case 'noise':
    case 'drifting-grating':
    case 'counterphase-grating':
    case 'drifting-plaid':
    case 'random-dots':
      return 2 * (Math.max(Math.abs(spec.xDeg), Math.abs(spec.yDeg)) + (spec.diameterDeg + spec.edgeDeg) / 2);
    case 'gabor': {
      const reach = gaborCutoffSigmas * spec.sigmaDeg * Math.max(1, spec.aspectRatio);
      return 2 * (Math.max(Math.abs(spec.xDeg), Math.abs(spec.yDeg)) + reach);
    }
    case 'image':
      return 2 * Math.max(Math.abs(spec.xDeg), Math.abs(spec.yDeg)) + spec.sizeDeg;
    case 'raster':
      return spec.sizeDeg;
    case 'tsr1': {
      const { key, k } = tsr1Place(spec.index);
      if (key === 'gabors') return stimulusExtentDeg(gaborOf(k));
      return key === 'shapes' ? tsr1SizeDeg : tsr1Aperture.diameterDeg + tsr1Aperture.edgeDeg;
    }
    case 'tsr1v':
      return tsr1Aperture.diameterDeg + tsr1Aperture.edgeDeg;
    case 'blank':
      return 1;
  }
}

/**
 * Smallest and largest linear luminance (display white at 1, background .5) where the description alone tells; null
 * for pictures, noise and the reference set, whose pixels must be looked at.
 */
export function describedLuminance(spec: StimulusSpec): { min: number; max: number } | null {
  if (spec.type === 'blank') return { min: 0.5, max: 0.5 };
  if (spec.type === 'grating' || spec.type === 'gabor') {
    return { min: 0.5 * (1 - spec.contrast), max: 0.5 * (1 + spec.contrast) };
  }
  return null;
}

/** A tenth of an 8-bit step of the luminance range is nothing that a display could show. */
const visibleStep = 1 / 2550;

/**
 * Side of the smallest square centred at fixation outside which a raster is background, in degrees: what a candidate needs
 * of a screen that was searched in an aperture. At least one pixel.
 * @param data sizePx × sizePx, linear light, row 0 on top
 * @param sizeDeg side of the raster
 */
export function patternExtentDeg(
  { data, sizePx, sizeDeg }: { data: ArrayLike<number>; sizePx: number; sizeDeg: number },
  background: number,
): number {
  const middle = (sizePx - 1) / 2;
  let reachPx = 0.5;
  for (let at = 0; at < sizePx * sizePx; at++) {
    if (Math.abs((data[at] as number) - background) < visibleStep) continue;
    const row = Math.floor(at / sizePx);
    reachPx = Math.max(reachPx, Math.abs(row - middle) + 0.5, Math.abs(at - row * sizePx - middle) + 0.5);
  }
  return (2 * reachPx * sizeDeg) / sizePx;
}
