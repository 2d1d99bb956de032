/** IEEE 754 half precision by its bits, for runtimes and files that hold it as 16-bit integers. */

/** The number of a half's bits. Exact. */
export function numberOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  // Subnormals share the exponent of the smallest normal numbers, without the implicit leading one.
  let value = exponent === 0 ? fraction / 1024 : 1 + fraction / 1024;
  for (let power = Math.max(exponent, 1); power > 15; power--) value *= 2;
  for (let power = Math.max(exponent, 1); power < 15; power++) value /= 2;
  return sign * value;
}

/** The bits of the half nearest to a number, ties to the even one; beyond 65,504 (and its half step) infinity. */
export function halfOfNumber(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  let size = Math.abs(value);
  if (size >= 65_520) return sign | 0x7c00;
  // Subnormals are whole steps of 2⁻²⁴; a carry out of the fraction goes up into the exponent, as it should.
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  let exponent = 15;
  for (; size >= 2; exponent++) size /= 2;
  for (; size < 1; exponent--) size *= 2;
  return sign | ((exponent << 10) + roundEven((size - 1) * 1024));
}

function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
}
