import { describe, expect, it } from 'vitest';
import { fft2AnySize, fftAnySize } from './fftAnySize.ts';

describe('transforms of any size', () => {
  it.each([1, 2, 6, 7, 9, 15, 22, 35, 28])('agree with the definition at %i samples', (n) => {
    const x = Float64Array.from({ length: n }, (_, i) => ((i * 7) % 11) / 3 - 1);
    const y = Float64Array.from({ length: n }, (_, i) => ((i * 5) % 13) / 4 - 1);
    const real = Float64Array.from(x);
    const imaginary = Float64Array.from(y);
    fftAnySize(real, imaginary);
    for (let k = 0; k < n; k++) {
      let [re, im] = [0, 0];
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * ((j * k) % n)) / n;
        re += (x[j] as number) * Math.cos(angle) - (y[j] as number) * Math.sin(angle);
        im += (x[j] as number) * Math.sin(angle) + (y[j] as number) * Math.cos(angle);
      }
      expect(real[k]).toBeCloseTo(re, 11);
      expect(imaginary[k]).toBeCloseTo(im, 11);
    }
  });

  it.each([6, 8])('transform rows and columns of a square of %i', (n) => {
    // A plane wave has one coefficient.
    const real = Float64Array.from({ length: n * n }, (_, i) =>
      Math.cos((2 * Math.PI * (2 * Math.floor(i / n) + (i % n))) / n),
    );
    const imaginary = Float64Array.from({ length: n * n }, (_, i) =>
      Math.sin((2 * Math.PI * (2 * Math.floor(i / n) + (i % n))) / n),
    );
    fft2AnySize(real, imaginary, n);
    for (let i = 0; i < n * n; i++) {
      expect(real[i]).toBeCloseTo(i === 2 * n + 1 ? n * n : 0, 9);
      expect(imaginary[i]).toBeCloseTo(0, 9);
    }
  });
});
