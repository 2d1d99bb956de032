/** Textures as they are shown, each with noise of its own amplitude spectrum and random phases. */
import { Random } from '../../../main/platform/random.ts';
import { fft2 } from '../../../main/stimuli/fft.ts';
import { pxPerDeg, sizePx } from '../parameters.ts';
import { heldOutFamilies } from './heldOutTextures.ts';
import { n, standardised, type Families } from './textureParts.ts';

/** Noise with the amplitude spectrum of the image. */
function scrambled(image: Float64Array, random: Random): Float64Array {
  const [real, imaginary] = [Float64Array.from(image), new Float64Array(n * n)];
  const [re, im] = [Float64Array.from({ length: n * n }, () => random.normal()), new Float64Array(n * n)];
  fft2(real, imaginary, n);
  fft2(re, im, n);
  for (let at = 0; at < n * n; at++) {
    const amplitude = Math.hypot(real[at], imaginary[at]) / Math.hypot(re[at], im[at]);
    re[at] *= amplitude;
    im[at] *= -amplitude;
  }
  fft2(re, im, n);
  return re;
}

/** Raised-cosine aperture of 4° with an edge of .5°. */
const aperture = Float64Array.from({ length: sizePx * sizePx }, (_, at) => {
  const middle = (sizePx - 1) / 2;
  const radius = Math.hypot((at % sizePx) - middle, Math.floor(at / sizePx) - middle) / pxPerDeg;
  if (radius >= 2) return 0;
  return radius <= 1.5 ? 1 : 0.5 + 0.5 * Math.cos(Math.PI * ((radius - 1.5) / 0.5));
});

const rmsContrast = 0.2;

/** Luminance around .5 of the middle of a torus, through the aperture, mean 0 and RMS contrast .2 within it. */
function shown(torus: Float64Array): Float32Array {
  const corner = (n - sizePx) / 2;
  const cut = Float64Array.from(
    { length: sizePx * sizePx },
    (_, at) => torus[(Math.floor(at / sizePx) + corner) * n + (at % sizePx) + corner],
  );
  const total = aperture.reduce((sum, w) => sum + w, 0);
  const mean = cut.reduce((sum, value, at) => sum + aperture[at] * value, 0) / total;
  const sd = Math.sqrt(cut.reduce((sum, value, at) => sum + aperture[at] * (value - mean) ** 2, 0) / total);
  return Float32Array.from(cut, (value, at) => {
    const contrast = Math.max(-1, Math.min(1, (rmsContrast * (value - mean)) / sd));
    return 0.5 * (1 + aperture[at] * contrast);
  });
}

export interface TexturePair {
  family: string;
  texture: Float32Array;
  noise: Float32Array;
}

/** `samples` textures of every family, each with its noise. */
export function* texturePairs(
  samples: number,
  seed: number,
  families: Families = heldOutFamilies,
): Generator<TexturePair> {
  for (const [family, draw] of Object.entries(families)) {
    for (let sample = 0; sample < samples; sample++) {
      const random = Random.fromSeed(seed, `${family} ${sample}`);
      const texture = standardised(draw(random));
      yield { family, texture: shown(texture), noise: shown(scrambled(texture, random)) };
    }
  }
}
