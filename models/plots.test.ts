/** Figures of the acceptance table: marks stand where the axes say, and text cannot break out of its element. */
import { expect, it } from 'vitest';
import { colours, figure, medianMarks, spreadMarks, type Axis } from './plots.ts';

const x: Axis = { label: 'eccentricity, °', from: 0, to: 10, ticks: [0, 5, 10] };
const y: Axis = { label: 'radius, °', from: 0.01, to: 1, ticks: [0.01, 0.1, 1], logarithmic: true };

/** Pixel of the tick that carries these words. */
function tick(svg: string, words: string, axis: 'x' | 'y'): number {
  const [, at] = new RegExp(`<text x="([\\d.-]+)" y="[\\d.-]+"[^>]*>${words}</text>`).exec(svg) ?? [];
  const [, up] = new RegExp(`<text x="[\\d.-]+" y="([\\d.-]+)"[^>]*>${words}</text>`).exec(svg) ?? [];
  // Words of the vertical axis stand 4 px below their line.
  return axis === 'x' ? Number(at) : Number(up) - 4;
}

it('puts points at the ticks of their values, on equal steps and on equal ratios', () => {
  const svg = figure('t', { x, y }, [{ type: 'points', colour: 'blue', at: [[5, 0.1]] }]);
  const [, cx, cy] = /<circle cx="([\d.]+)" cy="([\d.]+)"/.exec(svg) ?? [];
  expect(Math.abs(Number(cx) - tick(svg, '5', 'x'))).toBeLessThan(0.11);
  expect(Math.abs(Number(cy) - tick(svg, '0.1', 'y'))).toBeLessThan(0.11);
  expect(tick(svg, '5', 'x') - tick(svg, '0', 'x')).toBeCloseTo(tick(svg, '10', 'x') - tick(svg, '5', 'x'), 0);
  expect(tick(svg, '0.01', 'y')).toBeGreaterThan(tick(svg, '0.1', 'y'));
});

it('spans a band between its corners, and an interval between its ends', () => {
  const svg = figure('t', { x, y }, [
    { type: 'band', colour: 'green', x: [0, 5], y: [0.1, 1] },
    { type: 'interval', colour: 'orange', x: 5, value: 0.1, y: [0.01, 1] },
  ]);
  const [, left, top, width, height] =
    /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="#3a9d6e"/.exec(svg)?.map(Number) ?? [];
  expect(Math.abs((left as number) + (width as number) - tick(svg, '5', 'x'))).toBeLessThan(0.21);
  expect(Math.abs((top as number) + (height as number) - tick(svg, '0.1', 'y'))).toBeLessThan(0.21);
  const [, low, high] = /<line x1="[\d.]+" x2="[\d.]+" y1="([\d.]+)" y2="([\d.]+)" stroke="#cc7420"/.exec(svg) ?? [];
  expect(Math.abs(Number(low) - tick(svg, '0.01', 'y'))).toBeLessThan(0.11);
  expect(Math.abs(Number(high) - tick(svg, '1', 'y'))).toBeLessThan(0.11);
});

it('keeps words words, and names a shared label once', () => {
  const svg = figure('a < b & "c"', { x, y }, [
    { type: 'line', colour: 'blue', label: '<script>', at: [] },
    { type: 'line', colour: 'blue', label: '<script>', at: [] },
  ]);
  expect(svg).toContain('<title>a &lt; b &amp; &quot;c&quot;</title>');
  expect(svg).not.toContain('<script>');
  expect(svg.split('&lt;script&gt;').length).toBe(2);
});

it('has colours that stand out on white and on the dark page alike', () => {
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((i) => {
      const v = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  for (const colour of Object.values(colours)) {
    // WCAG asks 3 : 1 of graphics.
    expect(contrast(luminance(colour), 1)).toBeGreaterThanOrEqual(3);
    expect(contrast(luminance(colour), luminance('#1a1b1e'))).toBeGreaterThanOrEqual(3);
  }
});

it('stands the bars of a histogram on 0 at their heights', () => {
  const names = ['none', 'ten', 'twenty'];
  const percent: Axis = { label: 'units, %', from: 0, to: 40, ticks: [0, 10, 20], names };
  const svg = figure('t', { x, y: percent }, [{ type: 'bars', colour: 'blue', edges: [0, 5, 10], heights: [10, 20] }]);
  const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"\/>/g)].map(
    ([, ...numbers]) => numbers.map(Number) as [x: number, y: number, width: number, height: number],
  );
  expect(bars.length).toBe(2);
  for (const [i, [left, top, width, height]] of bars.entries()) {
    expect(Math.abs(left - tick(svg, String([0, 5][i]), 'x'))).toBeLessThan(0.11);
    expect(Math.abs(left + width - tick(svg, String([5, 10][i]), 'x'))).toBeLessThan(0.21);
    expect(Math.abs(top - tick(svg, names[i + 1] as string, 'y'))).toBeLessThan(0.11);
    expect(Math.abs(top + height - tick(svg, 'none', 'y'))).toBeLessThan(0.21);
  }
});

it('draws the median of curves, their quartiles around it, and every value beside those of its kind', () => {
  const curves = [0, 1, 2, 3, 4].map((value) => [value, 10 * value]);
  const [ribbon, line] = medianMarks([1, 2], curves, { colour: 'blue', label: 'units' });
  expect(ribbon).toMatchObject({
    type: 'ribbon',
    at: [
      [1, 1, 3],
      [2, 10, 30],
    ],
  });
  expect(line).toMatchObject({
    type: 'line',
    label: 'units',
    at: [
      [1, 2],
      [2, 20],
    ],
  });
  const [points, interval] = spreadMarks(2, [4, 0, 1, 3, 2], 'green');
  expect(points?.type === 'points' && points.at.map(([, value]) => value)).toEqual([4, 0, 1, 3, 2]);
  expect(points?.type === 'points' && points.at.every(([place]) => Math.abs(place - 2) < 0.301)).toBe(true);
  expect(interval).toMatchObject({ type: 'interval', value: 2, y: [1, 3] });
});
