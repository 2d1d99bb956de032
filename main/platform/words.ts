/** Counts and sizes in sentences. */

/** 1024000 → '1,024,000'. */
export const formatCount = (count: number): string => count.toLocaleString('en-US');

/** '1 run', '3 runs', '1,024 stimuli'. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** '512 B', '4.6 kB', '16 GB': decimal units, as disks and memory are sold and as system monitors count. */
export function formatBytes(bytes: number): string {
  // Shapes beyond all numbers make sums that are none.
  if (!Number.isFinite(bytes)) return 'more than can be told';
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < byteUnits.length - 1; unit++) value /= 1000;
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} ${byteUnits[unit]}`;
}

/** Three significant digits and every digit before the point, without an exponent where it can be avoided. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return 'missing';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4)
    return value
      .toExponential(digits - 1)
      .replace('e-', 'e−')
      .replace(/^-/, '−');
  const shown = size >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits));
  return shown.toString().replace('-', '−');
}
