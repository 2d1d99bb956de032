/** Clips of the twin's raster drawn by the product's own renderer, at the frame times of the engine. */
import { stimulusSpec, type StimulusSpec } from '../../../main/contract/stimuli.ts';
import { renderSpec } from '../../../main/stimuli/render.ts';
import { background, fieldOfViewDeg, frameRateHz, frames, sizePx } from '../parameters.ts';
import type { Drift } from './bench.ts';

/** Larger than the diagonal of the field: no edge is seen. */
const fullFieldDeg = 16;

export function renderClip(spec: StimulusSpec): Float32Array {
  const pixels = sizePx * sizePx;
  const clip = new Float32Array(frames * pixels);
  for (let frame = 0; frame < frames; frame++) {
    const out = clip.subarray(frame * pixels, (frame + 1) * pixels);
    renderSpec(spec, { sizePx, fieldOfViewDeg, background }, {}, out, frame / frameRateHz);
  }
  return clip;
}

/** A drifting grating, or a plaid of two of them. */
export function renderDrifts(parts: readonly Drift[]): Float32Array {
  const [first, second] = parts;
  if (first === undefined) return renderClip({ type: 'blank' });
  const common = {
    spatialFrequencyCpd: first.cpd,
    temporalFrequencyHz: first.hz,
    phaseDeg: first.phaseDeg ?? 0,
    diameterDeg: fullFieldDeg,
    xDeg: 0,
    yDeg: 0,
  };
  const { directionDeg, contrast } = first;
  if (second === undefined) {
    return renderClip(stimulusSpec.parse({ type: 'drifting-grating', ...common, directionDeg, contrast }));
  }
  const plaidAngleDeg = second.directionDeg - directionDeg;
  return renderClip(
    stimulusSpec.parse({
      type: 'drifting-plaid',
      ...common,
      directionDeg: directionDeg + plaidAngleDeg / 2,
      plaidAngleDeg,
      componentContrast: contrast,
    }),
  );
}

/** Counterphase flicker of vertical bars, 1.1 cpd. */
export const renderFlicker = (hz: number, phaseDeg: number): Float32Array =>
  renderClip(
    stimulusSpec.parse({
      type: 'counterphase-grating',
      orientationDeg: 90,
      spatialFrequencyCpd: 1.1,
      temporalFrequencyHz: hz,
      phaseDeg,
      contrast: 1,
      diameterDeg: fullFieldDeg,
      xDeg: 0,
      yDeg: 0,
    }),
  );
