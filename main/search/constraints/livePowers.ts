/** Powers of a frame by fast transforms: for what a running search shows at every look. */
import { emptySpectrum, squareTransform } from './halfSpectrum.ts';
import type { FramePowers } from './residuals.ts';

export const livePowers: FramePowers = (frame, n) => {
  const transform = squareTransform(n);
  const { real, imaginary } = emptySpectrum(transform);
  const mean = frame.reduce((sum, luminance) => sum + luminance, 0) / (n * n);
  transform.forward(
    Float64Array.from(frame, (luminance) => luminance - mean),
    { real, imaginary },
  );
  const found = new Float64Array(n * n);
  for (let u = 0; u < transform.columns; u++) {
    for (let v = 0; v < n; v++) {
      const power = (real[u * n + v] as number) ** 2 + (imaginary[u * n + v] as number) ** 2;
      found[v * n + u] = power;
      found[((n - v) % n) * n + ((n - u) % n)] = power;
    }
  }
  found[0] = 0;
  return found;
};
