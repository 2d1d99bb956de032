/**
 * Elementary functions made of + − × ÷ √ alone. IEEE 754 fixes those five to the last bit, while Math.exp, Math.sin and
 * `**` may differ between two versions of V8: whatever is hashed uses these. Relative errors are below 4e-16 for exp
 * and log and absolute errors below 3e-16 for sin and cos over |x| ≤ 1e5 (tested against 40-digit values).
 */

// ln 2 and π/2 in parts whose leading bits are few enough that k·part is exact for |k| < 2^20.
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
const halfPi1 = 1.5707963267341256;
const halfPi2 = 6.077100506303966e-11;
const halfPi3 = 2.0222662487959506e-21;
const twoOverPi = 0.6366197723675814;

const inverseFactorial: number[] = [1];
for (let n = 1; n <= 20; n++) inverseFactorial.push((inverseFactorial[n - 1] as number) / n);
const f = inverseFactorial;

// The bits of a double: exponent and sign stand in the word that holds the sign of −1.
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = -1;
const high = words[1] === 0 ? 0 : 1;

/** 2^k for an integer k in −1022 … 1023. */
function powerOfTwo(k: number): number {
  words[1 - high] = 0;
  words[high] = (k + 1023) << 20;
  return double[0] as number;
}

/** x · 2^k in two exact steps, so that the result may lie at either end of the double range. */
function scale(x: number, k: number): number {
  const half = Math.trunc(k / 2);
  return x * powerOfTwo(half) * powerOfTwo(k - half);
}

/** eˣ. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.2) return 0;
  const k = Math.round(x / 0.6931471805599453);
  const reduced = x - k * ln2High;
  const low = k * ln2Low;
  const r = reduced - low;
  const lost = reduced - r - low;
  // Taylor series for |r| ≤ ln 2 / 2; the first term left out is below 2⁻⁵⁸.
  let tail = f[14] as number;
  for (let n = 13; n >= 2; n--) tail = tail * r + (f[n] as number);
  return scale(1 + (r + (r * r * tail + lost)), k);
}

// 2/25, 2/23 … 2/3: the coefficients of artanh's series, highest power first.
const logSeries = Array.from({ length: 12 }, (_, i) => 2 / (25 - 2 * i));

/** Natural logarithm; −Infinity at 0, NaN below. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return x;
  // x = m · 2^k with √½ ≤ m < √2, by setting the exponent's bits.
  const subnormal = x < 2.2250738585072014e-308;
  double[0] = subnormal ? x * 18014398509481984 : x;
  let k = ((words[high] as number) >>> 20) - 1023 - (subnormal ? 54 : 0);
  words[high] = ((words[high] as number) & 0xfffff) | 0x3ff00000;
  let m = double[0] as number;
  if (m > 1.4142135623730951) {
    m /= 2;
    k += 1;
  }
  // ln m = 2·artanh(s), s = (m − 1)/(m + 1), |s| ≤ .1716; written as d − (d²/2 − s·(d²/2 + R)) to keep d exact.
  const d = m - 1;
  const s = d / (2 + d);
  const z = s * s;
  let series = logSeries[0] as number;
  for (let n = 1; n < logSeries.length; n++) series = series * z + (logSeries[n] as number);
  const remainder = z * series;
  const half = 0.5 * d * d;
  return k * ln2High - (half - (s * (half + remainder) + k * ln2Low) - d);
}

export function log2(x: number): number {
  return log(x) / 0.6931471805599453;
}

/** x to the power y: whole powers up to 64 of any x are products; the rest, for x ≥ 0, is exp(y · ln x), within 1e-14 relative. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isInteger(y) && Math.abs(y) <= 64) {
    let result = 1;
    for (let n = Math.abs(y), factor = x; n > 0; n = Math.floor(n / 2), factor *= factor) {
      if (n % 2 === 1) result *= factor;
    }
    return y < 0 ? 1 / result : result;
  }
  if (x === 0) return y > 0 ? 0 : Infinity;
  return exp(y * log(x));
}

/** Sine and cosine of the remainder r + c, |r| ≤ π/4. */
function sinSeries(r: number): number {
  const z = r * r;
  let tail = -(f[19] as number);
  for (let n = 17, sign = 1; n >= 3; n -= 2, sign = -sign) tail = tail * z + sign * (f[n] as number);
  return r + r * z * tail;
}
function cosSeries(r: number): number {
  const z = r * r;
  let tail = f[20] as number;
  for (let n = 18, sign = -1; n >= 4; n -= 2, sign = -sign) tail = tail * z + sign * (f[n] as number);
  return 1 - 0.5 * z + z * z * tail;
}

function reduce(x: number): { quadrant: number; r: number; lost: number } {
  const k = Math.round(x * twoOverPi);
  const a = x - k * halfPi1;
  const b = k * halfPi2;
  const r = a - b;
  const lost = a - r - b - k * halfPi3;
  return { quadrant: ((k % 4) + 4) % 4, r: r + lost, lost: r - (r + lost) + lost };
}

export function sin(x: number): number {
  const { quadrant, r, lost } = reduce(x);
  const value = quadrant % 2 === 0 ? sinSeries(r) + lost * cosSeries(r) : cosSeries(r) - lost * sinSeries(r);
  return quadrant < 2 ? value : -value;
}

export function cos(x: number): number {
  const { quadrant, r, lost } = reduce(x);
  const value = quadrant % 2 === 0 ? cosSeries(r) - lost * sinSeries(r) : sinSeries(r) + lost * cosSeries(r);
  return quadrant === 1 || quadrant === 2 ? -value : value;
}

export const degreesToRadians = (degrees: number): number => (degrees * Math.PI) / 180;

/** tan x for |x| < π/2. */
export const tan = (x: number): number => sin(x) / cos(x);
