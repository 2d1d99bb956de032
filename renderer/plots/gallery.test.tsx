/** Every plot with seeded data: a test of its axes and marks, and a picture in gallery/ to look at. */
import { renderToStaticMarkup } from 'react-dom/server';
import type { ReactElement } from 'react';
import { describe, expect, it } from 'vitest';
import { Random } from '../../main/platform/random.ts';
import { AreaBars } from './AreaBars.tsx';
import { areaColour } from './colours.ts';
import { FirstResponses } from './FirstResponses.tsx';
import { HeatMap } from './HeatMap.tsx';
import { Histogram } from './Histogram.tsx';
import { palettePng, pngDataUrl } from './palettePng.ts';
import { PictureInDegrees } from './PictureInDegrees.tsx';
import { PopulationStrip } from './PopulationStrip.tsx';
import { RankedResponses } from './RankedResponses.tsx';
import { circleOpacity, RfMap, rfScales, unitsIn } from './RfMap.tsx';
import { Spectrum } from './Spectrum.tsx';
import { TuningCurve } from './TuningCurve.tsx';

const draw = (plot: ReactElement): string =>
  renderToStaticMarkup(plot).replace(
    '<svg ',
    '<svg xmlns="http://www.w3.org/2000/svg" color="#1a1a1a" font-family="Inter, sans-serif" ',
  );
const keep = (name: string, svg: string) =>
  expect(svg.replaceAll('><', '>\n<')).toMatchFileSnapshot(`gallery/${name}.svg`);
const axisTexts = (svg: string, axis: string): string[] => {
  const group = svg.slice(svg.indexOf(`data-axis="${axis}"`));
  return [...group.slice(0, group.indexOf('</g><g data-') + 1 || undefined).matchAll(/<text[^>]*>([^<]*)</g)].map(
    (match) => match[1] as string,
  );
};

const orientations = [0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5];
const orientation = { name: 'orientation', unit: '°', scale: 'circular', levels: orientations } as const;
const frequency = { name: 'spatial frequency', unit: 'cpd', scale: 'log', levels: [0.5, 1, 2, 4, 8] } as const;
const bump = (at: number, peak: number, width: number) => (x: number) =>
  20 * Math.exp(-(((x - at) / width) ** 2)) * peak;

describe('tuning curve', () => {
  it('shows orientation with the blank and starts at zero', async () => {
    const svg = draw(
      <TuningCurve
        width={520}
        factor={orientation}
        series={[{ label: '', values: orientations.map(bump(67.5, 1, 30)) }]}
        blank={1.5}
        responseUnits="arbitrary"
        colour={areaColour('V1-simple')}
      />,
    );
    expect(svg).toContain('orientation (°)');
    expect(svg).toContain('response (arbitrary)');
    expect(axisTexts(svg, 'left')[0]).toBe('0');
    expect(svg).toContain('>blank<');
    expect(svg.match(/<circle/g)).toHaveLength(8);
    await keep('tuning-orientation', svg);
  });

  it('marks a logarithmic axis, labels series directly and leaves gaps for missing values', async () => {
    const svg = draw(
      <TuningCurve
        width={520}
        factor={frequency}
        series={[
          { label: 'contrast .5', values: [2, 5, 9, null, 2] },
          { label: 'contrast 1', values: [3, 9, 17, 12, 3] },
        ]}
        blank={null}
        responseUnits="spikes/s"
        colour={areaColour('V2')}
      />,
    );
    expect(svg).toContain('spatial frequency (cpd, log axis)');
    expect(axisTexts(svg, 'bottom').slice(0, 5)).toEqual(['0.5', '1', '2', '4', '8']);
    expect(svg).toContain('contrast .5');
    expect(svg.match(/<circle/g)).toHaveLength(9);
    // Octaves are equally far apart.
    const xs = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map((match) => Number(match[1])).slice(-5);
    const gaps = xs.slice(1).map((x, index) => x - (xs[index] as number));
    for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0] as number, 1);
    await keep('tuning-frequency', svg);
  });
});

it('receptive-field map: y points up, sizes are to scale, a brush finds centres', async () => {
  const random = Random.fromSeed(3, 'rf gallery');
  const units = Array.from({ length: 60 }, (_, index) => ({
    key: String(index),
    xDeg: random.uniform() * 4 - 2,
    yDeg: random.uniform() * 4 - 2,
    sizeDeg: 0.3 + random.uniform(),
    colour: areaColour('V1'),
  }));
  const svg = draw(<RfMap width={420} fieldOfViewDeg={8} units={units} selected={new Set(['7'])} />);
  const { x, y, pxPerDeg } = rfScales(420, 8);
  expect(y(2)).toBeLessThan(y(-2));
  expect(x(1) - x(0)).toBeCloseTo(pxPerDeg, 9);
  expect(y(0) - y(1)).toBeCloseTo(pxPerDeg, 9);
  expect(svg).toContain('x (°, right of fixation)');
  expect(svg.match(/<circle/g)).toHaveLength(60);
  const right = unitsIn({ x0: 2, y0: -2, x1: 0, y1: 2 }, units);
  expect(right).toEqual(units.filter((unit) => unit.xDeg >= 0).map((unit) => unit.key));
  await keep('rf-map', svg);
});

it('receptive-field map: what reaches beyond the field is cut off, and large fields on one another stay lines', () => {
  const field = 80;
  const large = Array.from({ length: 400 }, (_, index) => ({
    key: String(index),
    xDeg: (index % 20) * 3 - 28.5,
    yDeg: Math.floor(index / 20) * 3 - 28.5,
    sizeDeg: 40,
    colour: areaColour('V1'),
  }));
  const svg = draw(<RfMap width={440} fieldOfViewDeg={field} units={large} selected={new Set()} />);
  const { x, y, pxPerDeg } = rfScales(440, field);
  const [left, right] = x.range() as [number, number];
  const [, top] = y.range() as [number, number];
  const window =
    /<svg x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" viewBox="([\d. ]+)" overflow="hidden">/.exec(
      svg,
    );
  expect(window?.slice(1, 5).map(Number)).toEqual([left, top, right - left, right - left]);
  expect(window?.[5]?.split(' ').map(Number)).toEqual([left, top, right - left, right - left]);
  expect(svg.indexOf('<circle')).toBeGreaterThan(svg.indexOf('overflow="hidden"'));

  // 400 discs of 40° on 80° lie 79 deep: filled, they would be one blot or, fainter still, of another colour.
  const { fill, stroke } = circleOpacity(large, field, pxPerDeg);
  expect(fill).toBe(0);
  // Of 60 such discs, 12 deep, (1 − opacity)^12 of the light comes through.
  expect((1 - circleOpacity(large.slice(0, 60), field, pxPerDeg).fill) ** 12).toBeGreaterThan(0.7);
  expect(stroke).toBeGreaterThan(0.05);
  const few = large.slice(0, 4);
  expect(circleOpacity(few, field, pxPerDeg)).toEqual({ fill: 0.03, stroke: 0.45 });
});

it('heat map: one row per unit, colour bar with unit, missing values transparent', async () => {
  const random = Random.fromSeed(4, 'heat gallery');
  const values = Float32Array.from(
    { length: 30 * 48 },
    (_, index) => 10 * random.uniform() * Math.exp(-(((index % 48) - 20) ** 2) / 200),
  );
  const svg = draw(
    <HeatMap
      width={640}
      values={values}
      rows={30}
      columns={48}
      groups={[
        { label: 'V1-simple', colour: areaColour('V1-simple'), rows: 18 },
        { label: 'V1-complex', colour: areaColour('V1-complex'), rows: 12 },
      ]}
      valueTitle="response (arbitrary)"
      columnTitle="condition"
      selectedRow={4}
    />,
  );
  expect(svg).toContain('response (arbitrary)');
  expect(svg).toContain('18 units');
  expect(svg).toContain('data:image/png;base64,iVBORw0KGgo');
  await keep('heat-map', svg);
});

describe('predictions outside what a twin was tested with', () => {
  const outside = [false, true, true, false];
  const open = (svg: string): string[] => [...svg.matchAll(/<(\w+) [^>]*data-outside[^>]*>/g)].map(([all]) => all);

  it('are open circles over a factor, in order and over areas', () => {
    const factor = { name: 'contrast', unit: '', scale: 'linear', levels: [0.1, 0.2, 0.4, 0.8] } as const;
    const point = { mean: 1, q1: 0.5, q3: 2 };
    const plots = [
      <TuningCurve
        key="tuning"
        width={400}
        factor={factor}
        series={[{ label: '', values: [1, 2, null, 4] }]}
        blank={0}
        responseUnits="spikes/s"
        colour="#0072B2"
        outside={outside}
      />,
      <RankedResponses
        key="ranked"
        width={400}
        responses={[4, 3, 2, 1]}
        blank={0}
        responseUnits="spikes/s"
        colour="#0072B2"
        outside={outside}
      />,
      <PopulationStrip
        key="strip"
        width={400}
        factor={factor}
        areas={[{ area: 'V1', colour: '#0072B2', units: 2, points: [point, point, point, point], blank: null }]}
        responseUnits="spikes/s"
        outside={outside}
      />,
    ].map((plot) => open(draw(plot)));
    // A level without a value has no circle.
    expect(plots.map(({ length }) => length)).toEqual([1, 2, 2]);
    for (const circle of plots.flat()) expect(circle).toMatch(/^<circle .*fill="none"/);
  });

  it('are bars above the columns of a heat map, one for each stretch', () => {
    const svg = draw(
      <HeatMap
        width={168 + 80}
        values={new Float32Array(8)}
        rows={1}
        columns={8}
        groups={[{ label: 'V1', colour: '#0072B2', rows: 1 }]}
        valueTitle="response"
        columnTitle="condition"
        selectedRow={null}
        outside={[true, false, false, true, true, true, false, false]}
      />,
    );
    // Margins of 84 leave ten pixels to a column.
    expect(open(svg).map((bar) => [/ x="(\d+)"/.exec(bar)?.[1], /width="(\d+)"/.exec(bar)?.[1]])).toEqual([
      ['84', '10'],
      ['114', '30'],
    ]);
  });
});

it('a map that shows more than a twin sees outlines what it sees', () => {
  const svg = draw(<RfMap width={296} fieldOfViewDeg={12} units={[]} selected={new Set()} ownFieldDeg={6} />);
  // 240 pixels for 12°, from a margin of 48.
  expect(svg).toMatch(/<rect data-field="true" x="108" y="\d+" width="120" height="120"/);
  const whole = draw(<RfMap width={296} fieldOfViewDeg={12} units={[]} selected={new Set()} ownFieldDeg={12} />);
  expect(whole).not.toContain('data-field');
});

it('a palette PNG decodes to the colours of viridis and to transparency', async () => {
  const { default: sharp } = await import('sharp');
  const png = palettePng([0, 1, Number.NaN, 0.5], 2, 2, 0, 1);
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([2, 2]);
  // Published ends of viridis: #440154 and #fde725.
  expect([...data.subarray(0, 4)]).toEqual([0x44, 0x01, 0x54, 255]);
  expect([...data.subarray(4, 8)]).toEqual([0xfd, 0xe7, 0x25, 255]);
  expect(data[11]).toBe(0);
});

it('population strip: a panel per area on one scale', async () => {
  const points = (peak: number) =>
    orientations.map((o) => ({
      mean: bump(90, peak, 60)(o),
      q1: bump(90, peak * 0.5, 60)(o),
      q3: bump(90, peak * 1.4, 60)(o),
    }));
  const svg = draw(
    <PopulationStrip
      width={720}
      factor={orientation}
      areas={[
        { area: 'V1-simple', colour: areaColour('V1-simple'), units: 256, points: points(1), blank: 2 },
        { area: 'V1-complex', colour: areaColour('V1-complex'), units: 256, points: points(0.6), blank: 3 },
      ]}
      responseUnits="arbitrary"
    />,
  );
  expect(svg.match(/n = 256 units/g)).toHaveLength(2);
  expect(svg.match(/data-axis="left"/g)).toHaveLength(1);
  expect(svg.match(/data-axis="bottom"/g)).toHaveLength(2);
  await keep('population-strip', svg);
});

it('area bars: from zero, in both directions', async () => {
  const svg = draw(
    <AreaBars
      width={420}
      title="mean activity (z)"
      bars={[
        { area: 'V1-simple', colour: areaColour('V1'), value: 2.4, q1: 1.2, q3: 3.1 },
        { area: 'IT', colour: areaColour('IT'), value: -0.8 },
      ]}
    />,
  );
  const rects = [...svg.matchAll(/<rect x="([\d.]+)" width="([\d.]+)"/g)].map(
    (m) => [Number(m[1]), Number(m[2])] as const,
  );
  const [drive, suppress] = rects as [readonly [number, number], readonly [number, number]];
  // Both bars meet at zero: one begins where the other ends.
  expect(drive[0]).toBeCloseTo(suppress[0] + suppress[1], 1);
  expect(svg).toContain('mean activity (z)');
  await keep('area-bars', svg);
});

it('histogram and spectrum name their axes', async () => {
  const bins = Array.from({ length: 32 }, (_, index) => Math.exp(-(((index - 16) / 5) ** 2)) / 8.9);
  const histogram = draw(
    <Histogram
      width={260}
      bins={bins}
      domain={[0, 1]}
      title="luminance (linear, white = 1)"
      marker={{ at: 0.5, label: 'background' }}
    />,
  );
  expect(histogram).toContain('background');
  expect(histogram.match(/<rect/g)).toHaveLength(32);
  await keep('histogram', histogram);
  const points = Array.from({ length: 60 }, (_, index) => ({ cpd: (index + 1) / 4, amplitude: 1 / (index + 1) }));
  const spectrum = draw(<Spectrum width={260} points={points} />);
  expect(spectrum).toContain('spatial frequency (cpd, log axis)');
  expect(spectrum).toContain('amplitude (log)');
  await keep('spectrum', spectrum);
});

describe('area colours', () => {
  it('are the published ones', () => {
    expect(areaColour('V1')).toBe('#0072B2');
    expect(areaColour('IT')).toBe('#D55E00');
    expect(areaColour('MT')).toBe('#CC79A7');
  });
  it('of a single word are borrowed whole; unknown areas get a stable one that nobody owns', () => {
    expect(areaColour('V1-simple')).toBe('#0072B2');
    expect(areaColour('simple', 'V4')).toBe('#E69F00');
    expect(areaColour('VISp', 'V1')).toBe('#0072B2');
    expect(areaColour('VISp')).toBe(areaColour('VISp'));
    expect(['#0072B2', '#56B4E9', '#E69F00', '#D55E00']).not.toContain(areaColour('VISp'));
  });
});

describe('a draft of a model', () => {
  it('first responses stand on zero, below it too, each with the response to the background', async () => {
    const svg = draw(
      <FirstResponses
        width={300}
        responses={[4, -2, 0, 1.5]}
        blank={[1, 1, -1, 1.5]}
        responseUnits="spikes/s"
        colour={areaColour('IT')}
      />,
    );
    const rects = [...svg.matchAll(/<rect x="[^"]*" width="[^"]*" y="([^"]*)" height="([^"]*)"/g)].map((match) => ({
      top: Number(match[1]),
      height: Number(match[2]),
    }));
    const [up, down] = rects;
    // The positive bar ends where the negative one begins: at zero.
    expect((up?.top ?? 0) + (up?.height ?? 0)).toBeCloseTo(down?.top ?? -1, 1);
    expect(up?.height).toBeCloseTo(2 * (down?.height ?? 0), 1);
    expect(rects[2]?.height).toBe(0);
    expect(svg.match(/data-blank/g)).toHaveLength(4);
    expect(axisTexts(svg, 'bottom')).toEqual(['0', '1', '2', '3', 'unit']);
    await keep('first-responses', svg);
  });

  it('a picture has its middle at 0° and y upwards', async () => {
    const src = pngDataUrl(palettePng([0.2, 0.8, 0.5, 0.3], 2, 2, 0, 1));
    const svg = draw(<PictureInDegrees width={300} src={src} label="picture" fieldOfViewDeg={8} />);
    expect(axisTexts(svg, 'bottom')).toEqual(['−4', '−2', '0', '2', '4', 'x (°)']);
    const heights = [...svg.slice(svg.indexOf('data-axis="left"')).matchAll(/translate\(0,([\d.]+)\)/g)].map((match) =>
      Number(match[1]),
    );
    expect(heights[0]).toBeGreaterThan(heights[4] ?? 1e9);
    await keep('picture-in-degrees', svg);
  });
});
