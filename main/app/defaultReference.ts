/** The set over which responses are z-scored when a plan names none: gratings over orientation, frequency and phase. */
import type { GratingDesign } from '../contract/stimuli.ts';

export const defaultReferenceName = 'built-in grating reference (128 full-field gratings)';

/** The grating class of the reference set TSR-1 (science.md §6), at full contrast over the whole field. */
export const defaultReference: GratingDesign = {
  type: 'gratings',
  factors: {
    orientationDeg: [0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5],
    spatialFrequencyCpd: [0.75, 1.5, 3, 6],
    phaseDeg: [0, 90, 180, 270],
    contrast: [1],
    diameterDeg: [8],
  },
  edgeDeg: 0.5,
  xDeg: 0,
  yDeg: 0,
  blank: true,
};
