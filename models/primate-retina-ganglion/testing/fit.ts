/** Difference-of-Gaussians fits to responses to gratings, as Croner & Kaplan made them; nothing planted is read here. */

export interface DogFit {
  centreRadiusDeg: number;
  surroundRadiusDeg: number;
  centreGain: number;
  surroundGain: number;
  /** Root mean square residual ÷ largest amplitude. */
  residual: number;
}

interface Candidate extends DogFit {
  error: number;
}

/** Best gains for two radii: linear least squares of A(f) = g_c·exp(−(πr_c f)²) − g_s·exp(−(πr_s f)²). */
function gainsFor(cpds: readonly number[], amplitudes: readonly number[], rc: number, rs: number): Candidate {
  let [cc, cs, ss, ca, sa] = [0, 0, 0, 0, 0];
  const centre = cpds.map((f) => Math.exp(-((Math.PI * rc * f) ** 2)));
  const surround = cpds.map((f) => -Math.exp(-((Math.PI * rs * f) ** 2)));
  for (const [i, amplitude] of amplitudes.entries()) {
    const [c, s] = [centre[i] as number, surround[i] as number];
    cc += c * c;
    cs += c * s;
    ss += s * s;
    ca += c * amplitude;
    sa += s * amplitude;
  }
  const determinant = cc * ss - cs * cs;
  const centreGain = (ca * ss - sa * cs) / determinant;
  const surroundGain = (sa * cc - ca * cs) / determinant;
  let error = 0;
  for (const [i, amplitude] of amplitudes.entries()) {
    error += (centreGain * (centre[i] as number) + surroundGain * (surround[i] as number) - amplitude) ** 2;
  }
  const residual = Math.sqrt(error / cpds.length) / Math.max(...amplitudes);
  return { centreRadiusDeg: rc, surroundRadiusDeg: rs, centreGain, surroundGain, residual, error };
}

/** Searches both radii on a grid that closes in on the best. */
export function fitDog(cpds: readonly number[], amplitudes: readonly number[]): DogFit {
  let best: Candidate | undefined;
  const consider = (rc: number, ratio: number) => {
    const candidate = gainsFor(cpds, amplitudes, rc, rc * ratio);
    if (best === undefined || candidate.error < best.error) best = candidate;
  };
  const steps = 24;
  for (let i = 0; i <= steps; i++) {
    for (let j = 0; j <= steps; j++) consider(0.01 * 40 ** (i / steps), 1.5 * 16 ** (j / steps));
  }
  let [width, ratioWidth] = [Math.log(40) / steps, Math.log(16) / steps];
  for (let round = 0; round < 9; round++) {
    const { centreRadiusDeg, surroundRadiusDeg } = best as Candidate;
    for (let i = -3; i <= 3; i++) {
      for (let j = -3; j <= 3; j++) {
        const rc = centreRadiusDeg * Math.exp((i / 3) * width);
        consider(rc, (surroundRadiusDeg / centreRadiusDeg) * Math.exp((j / 3) * ratioWidth));
      }
    }
    width /= 2;
    ratioWidth /= 2;
  }
  const { error: _, ...fit } = best as Candidate;
  return fit;
}
