/** The candidate as it may look elsewhere: at other contrasts, places and sizes, in 8 bits, under a restless eye. */
import { Random } from '../../platform/random.ts';
import { decodeGrey, encodeGrey, type GreyEncoding } from '../../stimuli/encode.ts';
import { formatNumber } from '../../stimuli/words.ts';
import type { SearchField } from '../model.ts';
import type { Variation } from '../../contract/searchEvidence.ts';

export type VariedImage = Pick<Variation, 'kind' | 'label'> & { image(): Float32Array };

/** Standard deviation of fixational jitter, and how many draws of it are averaged. */
export const jitterSdDeg = 0.1;
export const jitterDraws = 16;

/** Where receptive fields have no stated size: half and whole of this. */
const usualFieldDeg = 0.5;

const contrasts = [
  [0.25, '¼ ×'],
  [0.5, '½ ×'],
] as const;
const sizes = [
  [0.5, '½ ×'],
  [2, '2 ×'],
] as const;
const places = [
  [1, 0, 'to the right'],
  [-1, 0, 'to the left'],
  [0, 1, 'up'],
  [0, -1, 'down'],
] as const;
const encodings: readonly [GreyEncoding, string][] = [
  [{ srgb: true }, '8 bits, sRGB'],
  [{ gamma: 2.2 }, '8 bits, gamma 2.2'],
];

/** How many `variationsOf` gives. */
export const variationCount = contrasts.length + 2 * places.length + sizes.length + encodings.length + jitterDraws;

/**
 * In the order of the report; draws of jitter come last, and share a label. Contrast is scaled about the background, sizes about
 * the centre of the aperture, and what comes into view is background.
 * @param image linear luminance, sizePx² or frames × sizePx²
 * @param fieldDeg size of the target's receptive fields; null where it is not known
 */
export function variationsOf(
  image: Float32Array,
  field: SearchField,
  { centre, fieldDeg, seed }: { centre: { xDeg: number; yDeg: number }; fieldDeg: number | null; seed: number },
): VariedImage[] {
  const rfDeg = fieldDeg ?? usualFieldDeg;
  const random = Random.fromSeed(seed, 'fixational jitter');
  const offsets = Array.from(
    { length: jitterDraws },
    () => [jitterSdDeg * random.normal(), jitterSdDeg * random.normal()] as const,
  );
  const moved = (xDeg: number, yDeg: number): Float32Array =>
    transformed(image, field, { xDeg, yDeg, scale: 1, centre });
  return [
    ...contrasts.map(([gain, label]) => ({
      kind: 'contrast' as const,
      label: `${label} contrast`,
      image: () => atContrast(image, field.background, gain),
    })),
    ...[0.5, 1].flatMap((share) =>
      places.map(([x, y, where]) => ({
        kind: 'position' as const,
        label: `${formatNumber(share * rfDeg)}° ${where}`,
        image: () => moved(x * share * rfDeg, y * share * rfDeg),
      })),
    ),
    ...sizes.map(([scale, label]) => ({
      kind: 'size' as const,
      label: `${label} size`,
      image: () => transformed(image, field, { xDeg: 0, yDeg: 0, scale, centre }),
    })),
    ...encodings.map(([encoding, label]) => ({
      kind: 'encoding' as const,
      label,
      image: () => decodeGrey(encodeGrey(image, encoding), encoding),
    })),
    ...offsets.map(([xDeg, yDeg]) => ({
      kind: 'jitter' as const,
      label: `fixational jitter of ${jitterSdDeg}° (standard deviation)`,
      image: () => moved(xDeg, yDeg),
    })),
  ];
}

/** background + gain · (luminance − background). */
export function atContrast(image: Float32Array, background: number, gain: number): Float32Array {
  return image.map((luminance) => background + gain * (luminance - background));
}

/** Two stimuli at half contrast on top of each other; a still one lies under every frame of a moving one. */
export function superimposed(a: Float32Array, b: Float32Array, background: number): Float32Array {
  const result = new Float32Array(Math.max(a.length, b.length));
  for (let i = 0; i < result.length; i++) {
    const first = (a[i % a.length] as number) - background;
    const second = (b[i % b.length] as number) - background;
    result[i] = background + (first + second) / 2;
  }
  return result;
}

/**
 * Magnified by `scale` about `centre`, then moved by (xDeg, yDeg); by linear interpolation, averaged over 1/scale samples a
 * side where it shrinks.
 */
export function transformed(
  image: Float32Array,
  { sizePx, fieldOfViewDeg, background }: SearchField,
  change: { xDeg: number; yDeg: number; scale: number; centre: { xDeg: number; yDeg: number } },
): Float32Array {
  const pxPerDeg = sizePx / fieldOfViewDeg;
  const pixels = sizePx * sizePx;
  const samples = Math.max(1, Math.ceil(1 / change.scale));
  const centreColumn = sizePx / 2 + change.centre.xDeg * pxPerDeg;
  const centreRow = sizePx / 2 - change.centre.yDeg * pxPerDeg;
  /** In pixels, 0 at the middle of the first one. */
  const sourceAt = (target: number, sample: number, centre: number, shift: number): number =>
    centre + (target + (sample + 0.5) / samples - centre - shift) / change.scale - 0.5;
  const columns = Float64Array.from({ length: sizePx * samples }, (_, i) =>
    sourceAt(Math.floor(i / samples), i % samples, centreColumn, change.xDeg * pxPerDeg),
  );
  const rows = Float64Array.from({ length: sizePx * samples }, (_, i) =>
    sourceAt(Math.floor(i / samples), i % samples, centreRow, -change.yDeg * pxPerDeg),
  );
  const result = new Float32Array(image.length);
  for (let from = 0; from < image.length; from += pixels) {
    const at = (row: number, column: number): number =>
      row < 0 || row >= sizePx || column < 0 || column >= sizePx
        ? background
        : (image[from + row * sizePx + column] as number);
    for (let row = 0; row < sizePx; row++) {
      for (let column = 0; column < sizePx; column++) {
        let sum = 0;
        for (let j = 0; j < samples; j++) {
          const y = rows[row * samples + j] as number;
          const top = Math.floor(y);
          const v = y - top;
          for (let i = 0; i < samples; i++) {
            const x = columns[column * samples + i] as number;
            const left = Math.floor(x);
            const u = x - left;
            sum +=
              (1 - v) * ((1 - u) * at(top, left) + u * at(top, left + 1)) +
              v * ((1 - u) * at(top + 1, left) + u * at(top + 1, left + 1));
          }
        }
        result[from + row * sizePx + column] = sum / (samples * samples);
      }
    }
  }
  return result;
}
