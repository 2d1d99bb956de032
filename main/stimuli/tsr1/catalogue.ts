/** What an image of TSR-1 is called and what is known of it. */
import { formatCount } from '../../platform/words.ts';
import { formatDegrees, formatNumber } from '../words.ts';
import {
  tsr1Classes,
  tsr1CountIn,
  tsr1Half,
  tsr1Name,
  tsr1Place,
  type Tsr1Class,
  type Tsr1Parameters,
} from './classes.ts';
import { deadLeavesParameters } from './deadLeaves.ts';
import { gaborParameters } from './gabors.ts';
import { noiseParameters } from './noise.ts';
import { gratingParameters, plaidParameters } from './periodic.ts';
import { polarParameters } from './polar.ts';
import { sceneParameters } from './scenes.ts';
import { shapeParameters } from './shapes.ts';
import { textureParameters } from './textures.ts';

function ownParameters(key: Tsr1Class, k: number): Record<string, number | string | undefined> {
  switch (key) {
    case 'gratings':
      return gratingParameters(k);
    case 'gabors':
      return gaborParameters(k);
    case 'plaids':
      return plaidParameters(k);
    case 'polar':
      return polarParameters(k);
    case 'noise':
      return noiseParameters(k);
    case 'deadLeaves':
      return deadLeavesParameters(k);
    case 'textures':
    case 'scrambles':
      return textureParameters(k);
    case 'shapes':
      return shapeParameters(k);
    case 'scenes':
      return sceneParameters(k);
  }
}

/** Class, half and every parameter that was chosen for the image. */
export function tsr1Parameters(index: number): Tsr1Parameters {
  const { key, name, k } = tsr1Place(index);
  const own = Object.entries(ownParameters(key, k)).flatMap(([parameter, value]): [string, number | string][] =>
    value === undefined ? [] : [[parameter, value]],
  );
  return { class: name, half: tsr1Half(index), ...Object.fromEntries(own) };
}

const deg = formatDegrees;
const cpd = (value: number): string => `${formatNumber(value)} cpd`;
const at = ({ xDeg, yDeg }: { xDeg: number; yDeg: number }): string => `at ${deg(xDeg)}, ${deg(yDeg)}`;

function textureLabel(k: number): string {
  const { family, sizeDeg, spatialFrequencyCpd, exponent } = textureParameters(k);
  const scale =
    sizeDeg !== undefined
      ? deg(sizeDeg)
      : spatialFrequencyCpd !== undefined
        ? cpd(spatialFrequencyCpd)
        : `1/f^${formatNumber(exponent ?? 0)}`;
  return `${family} · ${scale}`;
}

/** A short name that no other image of the set has. */
export function tsr1Label(index: number): string {
  const { key, k } = tsr1Place(index);
  switch (key) {
    case 'gratings': {
      const { orientationDeg, spatialFrequencyCpd, phaseDeg } = gratingParameters(k);
      return `grating ${deg(orientationDeg)} · ${cpd(spatialFrequencyCpd)} · phase ${deg(phaseDeg)}`;
    }
    case 'gabors': {
      const gabor = gaborParameters(k);
      return `Gabor ${deg(gabor.orientationDeg)} · ${cpd(gabor.spatialFrequencyCpd)} · ${at(gabor)}`;
    }
    case 'plaids': {
      const { orientationDeg, angleDeg, spatialFrequencyCpd } = plaidParameters(k);
      return `plaid ${deg(orientationDeg)} ± ${deg(angleDeg / 2)} · ${cpd(spatialFrequencyCpd)}`;
    }
    case 'polar': {
      const { family, spatialFrequencyCpd, phaseDeg, orientationDeg, turn } = polarParameters(k);
      const which = orientationDeg === undefined ? (turn ?? '') : deg(orientationDeg);
      return `${family}${which === '' ? '' : ` ${which}`} · ${cpd(spatialFrequencyCpd)} · phase ${deg(phaseDeg)}`;
    }
    case 'noise': {
      const { family, spatialFrequencyCpd } = noiseParameters(k);
      const band = spatialFrequencyCpd === undefined ? '' : ` at ${cpd(spatialFrequencyCpd)}`;
      return `${family} noise${band} · ${k + 1}`;
    }
    case 'deadLeaves':
      return `dead leaves, ${deadLeavesParameters(k).family} · ${k + 1}`;
    case 'textures':
      return `texture: ${textureLabel(k)}`;
    case 'scrambles':
      return `scrambled texture: ${textureLabel(k)}`;
    case 'shapes': {
      const shape = shapeParameters(k);
      return `${shape.family}, ${shape.polarity} ${shape.drawing} · ${deg(shape.sizeDeg)} · ${at(shape)}`;
    }
    case 'scenes': {
      const { solids } = sceneParameters(k);
      return `scene of ${solids} ${solids === 1 ? 'solid' : 'solids'} · ${k + 1}`;
    }
  }
}

/** 'TSR-1' or 'TSR-1, half A'. */
export const nameTsr1 = (half: 'A' | 'B' | 'all'): string => (half === 'all' ? tsr1Name : `${tsr1Name}, half ${half}`);

/** 'TSR-1, half A: 512 images of 10 classes'. */
export const describeTsr1 = (half: 'A' | 'B' | 'all'): string =>
  `${nameTsr1(half)}: ${formatCount(tsr1CountIn(half))} images of ${tsr1Classes.length} classes`;
