/** What a clip of TSR-1V is called and what is known of it. */
import { formatCount } from '../../platform/words.ts';
import { tsr1Half } from '../tsr1/classes.ts';
import { formatDegrees, formatNumber } from '../words.ts';
import { tsr1vClasses, tsr1vCountIn, tsr1vName, tsr1vPlace } from './classes.ts';
import { clipParameters, dotsClip, gratingClip, imageClip, movieClip, plaidClip } from './parameters.ts';

/** Class, half and every parameter that was chosen for the clip. */
export function tsr1vParameters(index: number): Record<string, number | string> {
  const { key, name, k } = tsr1vPlace(index);
  return { class: name, half: tsr1Half(index), ...clipParameters(key, k) };
}

const deg = formatDegrees;
const cpd = (value: number): string => `${formatNumber(value)} cpd`;
const hz = (value: number): string => `${formatNumber(value)} Hz`;
const speed = (value: number): string => `${formatNumber(value)} °/s`;

const familyNames = {
  deadLeaves: 'dead leaves',
  textures: 'texture',
  scrambles: 'scrambled texture',
  scenes: 'scene',
} as const;

/** A short name that no other clip of the set has. */
export function tsr1vLabel(index: number): string {
  const { key, k } = tsr1vPlace(index);
  switch (key) {
    case 'gratings': {
      const { directionDeg, spatialFrequencyCpd, temporalFrequencyHz } = gratingClip(k);
      return `drifting grating ${deg(directionDeg)} · ${cpd(spatialFrequencyCpd)} · ${hz(temporalFrequencyHz)}`;
    }
    case 'plaids': {
      const { directionDeg, plaidAngleDeg, spatialFrequencyCpd } = plaidClip(k);
      return `drifting plaid ${deg(directionDeg)} ± ${deg(plaidAngleDeg / 2)} · ${cpd(spatialFrequencyCpd)}`;
    }
    case 'dots': {
      const { directionDeg, speedDegPerS, coherence } = dotsClip(k);
      return `dots ${deg(directionDeg)} · ${speed(speedDegPerS)} · coherence ${formatNumber(coherence)}`;
    }
    case 'images': {
      const { family, directionDeg, speedDegPerS } = imageClip(k);
      return `${familyNames[family]} going ${deg(directionDeg)} · ${speed(speedDegPerS)}`;
    }
    case 'movies':
      return `1/f movie, v₀ ${speed(movieClip(k).speedScaleDegPerS)} · ${k + 1}`;
  }
}

/** 'TSR-1V' or 'TSR-1V, half A'. */
export const nameTsr1v = (half: 'A' | 'B' | 'all'): string =>
  half === 'all' ? tsr1vName : `${tsr1vName}, half ${half}`;

/** 'TSR-1V, half A: 128 clips of 5 classes'. */
export const describeTsr1v = (half: 'A' | 'B' | 'all'): string =>
  `${nameTsr1v(half)}: ${formatCount(tsr1vCountIn(half))} clips of ${tsr1vClasses.length} classes`;
