/** Which pixels a search may change, and between which bounds: aperture, foreground mask, background, range. */
import type { Constraints, ConstraintRole, ForegroundMask } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { cos, sin } from '../../platform/exactMath.ts';
import { columnCentresDeg, rowCentresDeg } from '../../stimuli/geometry.ts';
import { formatNumber } from '../../stimuli/words.ts';
import type { SearchField } from '../model.ts';
import { fewestPixels, searchAperture } from './aperture.ts';
import { nearestFloat32 } from './rounding.ts';

/** The stimuli that constraints speak of, linear luminance on the twin's raster: sizePx², or frames × sizePx² for a clip. */
export type ConstraintImages = Partial<Record<ConstraintRole, Float32Array>>;

export type Region = {
  /** Aperture weight of every pixel of the foreground; 0 elsewhere. */
  weights: Float64Array;
  /** Luminance of every pixel where its weight is 0, and into which it fades elsewhere. */
  background: Float64Array;
  /** Whether the background is the twin's, the same everywhere. */
  uniform: boolean;
  /** Pixels of positive weight; the arrays below are over these. */
  pixels: Int32Array;
  weight: Float64Array;
  /** Largest deviations from the mean luminance, downwards and upwards. */
  below: Float64Array;
  above: Float64Array;
  /** Σ weight. */
  total: number;
  /** Bounds that float32 can hold, rounded towards the inside so that no stored value leaves the range. */
  low32: number;
  high32: number;
};

export function createRegion(constraints: Constraints, field: SearchField, images: ConstraintImages): Region {
  const { aperture, mask, meanLuminance, range } = constraints;
  const weights = searchAperture(aperture, field);
  if (mask !== undefined) {
    const foreground = foregroundOf(mask, field, images);
    let covered = 0;
    for (let i = 0; i < weights.length; i++) {
      if (foreground[i] === 0) weights[i] = 0;
      else if ((weights[i] as number) > 0.5) covered++;
    }
    if (covered < fewestPixels) {
      throw refusal(
        `The foreground of the mask covers ${covered} pixels${aperture === undefined ? ' of this twin’s field' : ' inside the aperture'}.`,
        `Make it larger, so that it covers at least ${fewestPixels}.`,
        'mask',
      );
    }
  }
  const background = new Float64Array(weights.length).fill(field.background);
  const uniform = mask?.background === undefined;
  const low32 = nearestFloat32(range[0], 'up');
  const high32 = nearestFloat32(range[1], 'down');
  if (!uniform) {
    background.set(stillOf(images, 'background', field, 'background of the mask'));
    const [darkest, brightest] = extremesOf(background);
    if (darkest < low32 || brightest > high32) {
      throw refusal(
        `The background of the mask holds luminances of ${formatNumber(darkest)} to ${formatNumber(brightest)}, outside the ` +
          `range ${range[0]} to ${range[1]}.`,
        `Widen the range to hold ${formatNumber(darkest)} to ${formatNumber(brightest)}, or choose another background.`,
        'range',
      );
    }
  }
  const inside: number[] = [];
  for (let i = 0; i < weights.length; i++) if ((weights[i] as number) > 0) inside.push(i);
  const weight = Float64Array.from(inside, (i) => weights[i] as number);
  // Bounds of the deviation from the mean: those of the deviation from the background, moved.
  const bound = (room: (background: number) => number, sign: number): Float64Array =>
    Float64Array.from(inside, (i) => {
      const behind = background[i] as number;
      return (weights[i] as number) * room(behind) + sign * (meanLuminance - behind);
    });
  return {
    weights,
    background,
    uniform,
    pixels: Int32Array.from(inside),
    weight,
    below: bound((behind) => behind - low32, 1),
    above: bound((behind) => high32 - behind, -1),
    total: weight.reduce((sum, a) => sum + a, 0),
    low32,
    high32,
  };
}

/** A stimulus that a constraint speaks of, as one picture. */
export function stillOf(
  images: ConstraintImages,
  role: ConstraintRole,
  field: SearchField,
  what: string,
): Float32Array {
  const image = images[role];
  if (image === undefined) throw new Error(`the ${role} of a constraint needs its image`);
  if (image.length !== field.sizePx ** 2) {
    throw refusal(`The ${what} moves, and a still picture is needed.`, 'Choose a still one.', role);
  }
  return image;
}

/** 1 where a pixel belongs to the foreground. */
function foregroundOf({ foreground }: ForegroundMask, field: SearchField, images: ConstraintImages): Uint8Array {
  if ('from' in foreground) {
    const { threshold } = foreground;
    return Uint8Array.from(stillOf(images, 'foreground', field, 'foreground mask'), (luminance) =>
      luminance > threshold ? 1 : 0,
    );
  }
  const { shape, xDeg, yDeg, widthDeg, heightDeg, angleDeg } = foreground;
  const c = cos((angleDeg * Math.PI) / 180);
  const s = sin((angleDeg * Math.PI) / 180);
  const columns = columnCentresDeg(field);
  const rows = rowCentresDeg(field);
  const inside = new Uint8Array(field.sizePx ** 2);
  for (let row = 0; row < field.sizePx; row++) {
    for (let column = 0; column < field.sizePx; column++) {
      const dx = (columns[column] as number) - xDeg;
      const dy = (rows[row] as number) - yDeg;
      const along = (2 * (dx * c + dy * s)) / widthDeg;
      const across = (2 * (dy * c - dx * s)) / heightDeg;
      const within =
        shape === 'ellipse' ? along * along + across * across <= 1 : along * along <= 1 && across * across <= 1;
      inside[row * field.sizePx + column] = within ? 1 : 0;
    }
  }
  return inside;
}

export function extremesOf(values: Float64Array): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

export function refusal(what: string, remedy: string, constraint: string, feasible?: number): TwinscopeError {
  return new TwinscopeError('bad-input', `${what} Nothing was started. ${remedy}`, {
    constraint,
    ...(feasible === undefined ? {} : { feasible }),
  });
}
