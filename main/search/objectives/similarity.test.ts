import { describe, expect, it } from 'vitest';
import { Random } from '../../platform/random.ts';
import { binFrequency, fft2 } from '../../stimuli/fft.ts';
import { whitenedProduct, whitenedTwice } from './similarity.ts';

const n = 32;

function noise(seed: number): Float32Array {
  const random = Random.fromSeed(seed, 'noise');
  return Float32Array.from({ length: n * n }, () => 0.5 + 0.1 * random.normal());
}

/** Noise whose border is uniform, so that it is the same whether the picture ends there or goes on around. */
function framed(seed: number): Float32Array {
  return noise(seed).map((value, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    return Math.min(row, column, n - 1 - row, n - 1 - column) === 0 ? 0.5 : value;
  });
}

describe('whitened pixels', () => {
  it('are multiplied by amplitudes of 2·sin(πf) in both directions: the same product over the Fourier transform', () => {
    const [a, b] = [framed(1), framed(2)];
    const transforms = [a, b].map((image) => {
      const [real, imaginary] = [Float64Array.from(image), new Float64Array(n * n)];
      fft2(real, imaginary, n);
      return { real, imaginary };
    });
    let sum = 0;
    for (let v = 0; v < n; v++) {
      for (let u = 0; u < n; u++) {
        const at = v * n + u;
        const gain = [u, v].reduce((total, k) => total + (2 * Math.sin((Math.PI * binFrequency(k, n)) / n)) ** 2, 0);
        const [x, y] = transforms as [(typeof transforms)[0], (typeof transforms)[0]];
        const product =
          (x.real[at] as number) * (y.real[at] as number) + (x.imaginary[at] as number) * (y.imaginary[at] as number);
        sum += (gain * product) / (n * n);
      }
    }
    expect(whitenedProduct(a, b, n)).toBeCloseTo(sum, 9);
  });

  it('do not count uniform light, and give 1/f noise the same power in every octave', () => {
    const image = noise(3);
    const brighter = image.map((value) => value + 0.25);
    expect(whitenedProduct(brighter, noise(4), n)).toBeCloseTo(whitenedProduct(image, noise(4), n), 4);
    // A sinusoid of amplitude 1/f has the same whitened power at every f, within 10 % each way up to half of Nyquist.
    const powers = [1, 2, 4, 8].map((cycles) => {
      const wave = Float32Array.from(
        { length: n * n },
        (_, at) => Math.cos((2 * Math.PI * cycles * (at % n)) / n) / cycles,
      );
      return whitenedProduct(wave, wave, n);
    });
    const theory = powers.map((_, k) => (2 * Math.sin((Math.PI * 2 ** k) / n)) ** 2 / (2 * 4 ** k));
    // The columns at the two borders have one neighbour each.
    for (const [k, power] of powers.entries())
      expect(Math.abs(power / (n * (n - 1)) / (theory[k] as number) - 1)).toBeLessThan(0.1);
    for (const power of theory) expect(Math.abs(Math.sqrt(power / (theory[0] as number)) - 1)).toBeLessThan(0.1);
  });

  it('have the operator K as their inner product', () => {
    const [a, b] = [noise(5), noise(6)];
    const once = whitenedTwice(b, n).reduce((sum, value, at) => sum + value * (a[at] as number), 0);
    expect(once).toBeCloseTo(whitenedProduct(a, b, n), 9);
  });

  it('are those of each frame of a clip', () => {
    const clip = (...frames: Float32Array[]) => Float32Array.from(frames.flatMap((frame) => [...frame]));
    const product = whitenedProduct(clip(noise(1), noise(2)), clip(noise(3), noise(4)), n);
    expect(product).toBeCloseTo(whitenedProduct(noise(1), noise(3), n) + whitenedProduct(noise(2), noise(4), n), 9);
    const twice = whitenedTwice(clip(noise(1), noise(2)), n);
    expect(twice).toEqual(Float64Array.from([...whitenedTwice(noise(1), n), ...whitenedTwice(noise(2), n)]));
  });
});
