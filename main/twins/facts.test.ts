import { describe, expect, test } from 'vitest';
import { twinManifest, type TwinDetails, type TwinManifest, type TwinSummary } from '../contract/twins.ts';
import {
  acceptanceText,
  axesText,
  channelText,
  compareFacts,
  errorText,
  fieldsText,
  outputText,
  reproducesText,
  stimulusText,
  twinFacts,
} from './facts.ts';
import { smallDraft, smallManifest } from './testing/smallTwin.ts';

const outcome = (device: string, maxError: number, passed = true) => ({
  device,
  maxError,
  tolerance: 1e-4,
  passed,
  at: '2026-05-04T09:30:00Z',
});

function details(change: Partial<TwinManifest> = {}, summary: Partial<TwinSummary> = {}): TwinDetails {
  const manifest = twinManifest.parse({ ...smallManifest(), files: { 'model.onnx': 'f'.repeat(64) }, ...change });
  return {
    manifest,
    units: smallDraft().units,
    card: '',
    graph: { opset: 18, nodes: 2, parameters: 34, inputs: [], outputs: [], operators: [] },
    summary: {
      id: manifest.id,
      version: manifest.version,
      sha256: 'a'.repeat(64),
      units: 2,
      sizeBytes: 19_400_000,
      fieldOfViewDeg: 2,
      rasterPx: 4,
      reproductions: [],
      gradient: 'derived',
      gradientCheck: null,
      ...summary,
    } as TwinSummary,
  };
}
const linesOf = (twin: TwinDetails, label: string) =>
  twinFacts(twin)
    .flatMap(({ facts }) => facts)
    .find((fact) => fact.label === label)?.lines;

describe('reproduces here', () => {
  test('names the error of every device; one that fails decides and says what is allowed', () => {
    expect(reproducesText({ reproductions: [] })).toBe('not checked');
    expect(reproducesText({ reproductions: [outcome('webgpu', 3.1e-6), outcome('cpu', 0)] })).toBe(
      'yes (CPU 0, WebGPU 3e-6)',
    );
    expect(reproducesText({ reproductions: [outcome('webgpu', 0.0213, false), outcome('cpu', 2.49e-7)] })).toBe(
      'no (CPU 2e-7, WebGPU 0.021 where 1e-4 is allowed)',
    );
  });
  test('an error that is no number is no small one', () => {
    expect([Number.NaN, Infinity].map(errorText)).toEqual(['not finite', 'not finite']);
  });
});

describe('inputs and outputs in words', () => {
  const clip = twinManifest.shape.inputs.parse([
    {
      tensor: 'clip',
      role: 'stimulus',
      axes: [
        { name: 'batch', size: null },
        { name: 'channel', size: 1 },
        { name: 'time', size: 30 },
        { name: 'height', size: 36 },
        { name: 'width', size: 64 },
      ],
      range: [0, 255],
      encoding: 'grey-linear',
      mean: [113.5],
      std: [59.6],
      fieldOfViewDeg: 120,
      frameRateHz: 30,
    },
    {
      tensor: 'behaviour',
      role: 'behaviour',
      axes: [
        { name: 'batch', size: null },
        { name: 'channel', size: 2 },
      ],
      channels: [
        { name: 'running', units: 'cm/s', default: 0, range: [0, 40] },
        { name: 'pupil', units: '', default: 0.5 },
      ],
    },
    { tensor: 'h', role: 'state', axes: [{ name: 'batch', size: null }], from: 'h_out' },
  ]);
  test('a clip states its frames and what is taken off', () => {
    const [input] = clip;
    expect(input?.role === 'stimulus' && stimulusText(input)).toBe(
      'linear-light grey, black 0 to white 255, mean 114 and standard deviation 59.6 taken off; 120° field, background 0.5; 30 frames per second, 30 frames (1 s)',
    );
    expect(input && axesText(input.axes)).toBe('batch × channel 1 × time 30 × height 36 × width 64');
  });
  test('behaviour states units, default and range; state where it comes from', () => {
    const twin = details({ inputs: clip });
    expect(linesOf(twin, 'Input behaviour')).toEqual([
      'behaviour, batch × channel 2, float32',
      'running: 0 cm/s, made for 0 to 40 cm/s',
      'pupil: 0.5',
    ]);
    expect(linesOf(twin, 'Input h')?.[1]).toBe('state, taken from h_out after each clip');
    expect(channelText({ name: 'x', units: '°', default: -2 })).toBe('x: −2 °');
  });
  test('an output says which time bins are the response', () => {
    const axes = [
      { name: 'batch', size: null },
      { name: 'time', size: 30 },
      { name: 'unit', size: 2 },
    ];
    const output = { tensor: 'y', area: 'V1', axes };
    expect(outputText({ ...output, window: { from: 10, to: 30 } })).toBe(
      'V1, mean of time bins 10 to 29 of 30, counted from 0',
    );
    expect(outputText(output)).toBe('V1, mean of 30 time bins');
    expect(outputText({ ...output, axes: [axes[0]!, axes[2]!] })).toBe('V1');
  });
});

describe('facts', () => {
  test('what the author leaves out is said to be not stated', () => {
    const twin = details();
    for (const label of [
      'Scores',
      'Domains',
      'Tested with',
      'Acceptance checks',
      'Known failures',
      'Authors',
      'Source',
      'Memory',
    ])
      expect(linesOf(twin, label), label).toEqual(['not stated']);
    expect(linesOf(twin, 'Commercial use')).toEqual(['not allowed']);
    expect(linesOf(twin, 'Licence of the data')).toEqual(['no data used']);
    expect(linesOf(twin, 'Files')).toEqual(['model.onnx ffffffffffff']);
  });
  test('what is stated stands there with its numbers', () => {
    const twin = details({
      performance: [{ metric: 'correlation', raw: 0.55, ceiling: 0.8, n: 1200, dataSet: 'natural images' }],
      validity: {
        domains: ['gratings'],
        knownFailures: ['no colour'],
        tested: { stimuli: ['grating'], contrast: [0.1, 1] },
        acceptance: [true, false].map((passed, index) => ({
          check: `check ${index}`,
          published: '1',
          source: 'somebody',
          measured: '1',
          tolerance: '±1',
          passed,
          n: 3,
        })),
      },
    });
    expect(linesOf(twin, 'Scores')).toEqual(['correlation 0.55, ceiling 0.8, n 1,200, on natural images']);
    expect(linesOf(twin, 'Tested with')).toEqual(['gratings', 'contrast 0.1 to 1']);
    expect(acceptanceText(twin.manifest)).toBe('1 of 2 checks passed; not: check 1');
    expect(linesOf(twin, 'Size on disk')).toEqual(['19 MB']);
  });
  test('receptive fields: the median of an even number lies between its neighbours', () => {
    const unit = (xDeg: number | null, sizeDeg: number | null) => ({
      ...smallDraft().units[0]!,
      xDeg,
      yDeg: 0,
      sizeDeg,
    });
    expect(fieldsText([unit(3, 1), unit(-4, 2), unit(0, 4), unit(1, 8)])).toBe(
      'receptive fields within 4° of fixation, diameter 3° (median; 1 to 8°)',
    );
    expect(fieldsText([unit(3, null)])).toBe('receptive fields within 3° of fixation, diameters not stated');
    expect(fieldsText([unit(null, 1)])).toBe('receptive-field positions not stated');
  });
});

test('two twins: equal facts are equal, differing ones marked, those of one alone kept', () => {
  const left = details();
  const right = details(
    { species: 'mouse', areas: [{ name: 'VISp', label: 'VISp', units: 2 }] },
    { reproductions: [outcome('cpu', 0)] },
  );
  const rows = compareFacts(left, right).flatMap((group) => group.rows);
  const row = (label: string) => rows.find((each) => each.label === label);
  expect(row('Modality')?.differs).toBe(false);
  expect(row('Species')).toEqual({ label: 'Species', left: ['none'], right: ['mouse'], differs: true });
  expect(row('Reproduces here')?.right).toEqual(['yes (CPU 0)']);
  expect(row('V1')?.right).toEqual(['–']);
  expect(row('VISp')?.left).toEqual(['–']);
  expect(
    compareFacts(left, left)
      .flatMap((group) => group.rows)
      .filter(({ differs }) => differs),
  ).toEqual([]);
});
