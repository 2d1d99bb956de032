/** What there is to know about a twin, in the words that its page, a comparison and the command line share. */
import { deviceLabels, type DeviceId } from '../contract/devices.ts';
import type {
  BehaviourInput,
  StateInput,
  TwinDetails,
  TwinInput,
  TwinManifest,
  TwinOutput,
  TwinSummary,
  TwinUnit,
} from '../contract/twins.ts';
import { formatBytes, formatCount, plural } from '../platform/words.ts';
import { formatNumber } from '../stimuli/words.ts';
import { testedLines } from './domain.ts';
import { gradientWord } from './selection.ts';
import { commerceText, licenceText } from './trust.ts';

export const notStated = 'not stated';

/** A label with what is to be said, one line or several. */
export interface Fact {
  readonly label: string;
  readonly lines: readonly string[];
}
export interface FactGroup {
  readonly title: string;
  readonly facts: readonly Fact[];
}

/** Relative errors are told by their size: 0, 3e-6, 0.02. */
export function errorText(error: number): string {
  if (!Number.isFinite(error)) return 'not finite';
  if (error === 0) return '0';
  return error < 0.01 ? error.toExponential(0) : String(Number(error.toPrecision(2)));
}

export const deviceText = (device: string): string => deviceLabels[device as DeviceId] ?? device;

/**
 * `yes (CPU 0, WebGPU 3e-6)`: the largest error on every device it was verified on, as a part of the largest response.
 * One device that does not reproduce decides.
 */
export function reproducesText({ reproductions }: Pick<TwinSummary, 'reproductions'>): string {
  if (reproductions.length === 0) return 'not checked';
  const figures = reproductions
    .toSorted((a, b) => (a.device < b.device ? -1 : 1))
    .map(
      ({ device, maxError, tolerance, passed }) =>
        `${deviceText(device)} ${errorText(maxError)}${passed ? '' : ` where ${errorText(tolerance)} is allowed`}`,
    );
  return `${reproductions.every(({ passed }) => passed) ? 'yes' : 'no'} (${figures.join(', ')})`;
}

/** `batch × channel 1 × height 224 × width 224`. */
export const axesText = (axes: TwinInput['axes']): string =>
  axes.map(({ name, size }) => (size === null ? name : `${name} ${formatCount(size)}`)).join(' × ');

const timeOf = (axes: TwinInput['axes']): number | null => axes.find(({ name }) => name === 'time')?.size ?? null;

/** What a stimulus input takes, besides its axes. */
export function stimulusText(input: Extract<TwinInput, { role: 'stimulus' }>): string {
  const encoding = { srgb: 'sRGB', linear: 'linear light', 'grey-linear': 'linear-light grey' }[input.encoding];
  const [black, white] = input.range;
  const normalised =
    input.mean === undefined && input.std === undefined
      ? ''
      : `, mean ${(input.mean ?? [0]).map(formatNumber).join(', ')} and standard deviation ${(input.std ?? [1]).map(formatNumber).join(', ')} taken off`;
  const frames = timeOf(input.axes);
  const rate = input.frameRateHz;
  const clip =
    rate === undefined
      ? ''
      : `; ${formatNumber(rate)} frames per second${frames === null ? '' : `, ${plural(frames, 'frame')} (${formatNumber(frames / rate)} s)`}`;
  return `${encoding}, black ${formatNumber(black)} to white ${formatNumber(white)}${normalised}; ${formatNumber(input.fieldOfViewDeg)}° field, background ${formatNumber(input.background)}${clip}`;
}

const withUnits = (value: number, units: string): string => `${formatNumber(value)}${units === '' ? '' : ` ${units}`}`;

/** `running: 0 cm/s, tested from 0 to 40 cm/s`. */
export const channelText = ({ name, units, default: usual, range }: BehaviourInput['channels'][number]): string =>
  `${name}: ${withUnits(usual, units)}${range === undefined ? '' : `, made for ${formatNumber(range[0])} to ${withUnits(range[1], units)}`}`;

export const stateText = ({ from }: StateInput): string => `state, taken from ${from} after each clip`;

/** `V1, mean of time bins 10 to 29 of 30`, counted from 0. */
export function outputText({ area, axes, window }: TwinOutput): string {
  const bins = timeOf(axes);
  if (bins === null && window === undefined) return area;
  if (window === undefined) return `${area}, mean of ${bins === null ? 'all time bins' : plural(bins, 'time bin')}`;
  return `${area}, mean of time bins ${window.from} to ${window.to - 1}${bins === null ? '' : ` of ${bins}`}, counted from 0`;
}

function inputLines(input: TwinInput): string[] {
  switch (input.role) {
    case 'stimulus':
      return [stimulusText(input)];
    case 'behaviour':
      return input.channels.map(channelText);
    case 'state':
      return [stateText(input)];
    case 'tokens':
      return ['words or word pieces, not run yet'];
  }
}

const middle = (sorted: readonly number[]): number => {
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
};

/** Where the receptive fields of some units lie and how large they are. */
export function fieldsText(units: readonly TwinUnit[]): string {
  const placed = units.filter(({ xDeg, yDeg }) => xDeg !== null && yDeg !== null);
  if (placed.length === 0) return 'receptive-field positions not stated';
  const farthest = Math.max(...placed.map(({ xDeg, yDeg }) => Math.hypot(xDeg ?? 0, yDeg ?? 0)));
  const sizes = placed.flatMap(({ sizeDeg }) => sizeDeg ?? []).toSorted((a, b) => a - b);
  const size =
    sizes.length === 0
      ? 'diameters not stated'
      : `diameter ${formatNumber(middle(sizes))}° (median; ${formatNumber(sizes[0] ?? 0)} to ${formatNumber(sizes.at(-1) ?? 0)}°)`;
  return `receptive fields within ${formatNumber(farthest)}° of fixation, ${size}`;
}

const orNot = (lines: readonly string[]): readonly string[] => (lines.length === 0 ? [notStated] : lines);
const fact = (label: string, ...lines: string[]): Fact => ({
  label,
  lines: orNot(lines.filter((line) => line !== '')),
});

/** `5 of 6 passed; not: size tuning`. */
export function acceptanceText({ validity }: Pick<TwinManifest, 'validity'>): string {
  const rows = validity.acceptance ?? [];
  if (rows.length === 0) return notStated;
  const failed = rows.filter(({ passed }) => !passed).map(({ check }) => check);
  const passed = `${rows.length - failed.length} of ${plural(rows.length, 'check')} passed`;
  return failed.length === 0 ? passed : `${passed}; not: ${failed.join(', ')}`;
}

export type PerformanceRow = NonNullable<TwinManifest['performance']>[number];

/** A score with its ceiling, or that none is stated. */
export const ceilingText = ({ ceiling, ceilingEstimator }: PerformanceRow): string =>
  ceiling === undefined
    ? notStated
    : `${formatNumber(ceiling)}${ceilingEstimator === undefined ? '' : ` (${ceilingEstimator})`}`;

const performanceText = (row: PerformanceRow): string =>
  `${row.metric} ${formatNumber(row.raw)}, ceiling ${ceilingText(row)}, n ${row.n === undefined ? notStated : formatCount(row.n)}, on ${row.dataSet}`;

/** Everything but the card and the tables of units, nodes and acceptance checks. */
export function twinFacts({ summary, manifest, units, graph }: TwinDetails): FactGroup[] {
  const { licences, validity, capabilities } = manifest;
  return [
    {
      title: 'Twin',
      facts: [
        fact('Id and version', `${summary.id}@${summary.version}`),
        fact('Species', manifest.species),
        fact('Subjects', ...manifest.subjects),
        fact('Modality', manifest.modality),
        fact('Recording', manifest.recording),
        fact('Response units', manifest.responseUnits),
        fact('Licence of the weights', licenceText(licences.weights, 'weights')),
        fact('Licence of the code', licenceText(licences.code, 'code')),
        fact('Licence of the data', licenceText(licences.data, 'data')),
        fact('Commercial use', commerceText(manifest)),
      ],
    },
    {
      title: 'Areas and units',
      facts: [
        fact('Units', formatCount(summary.units)),
        ...manifest.areas.map((area) =>
          fact(
            area.name,
            `${area.label === area.name ? '' : `${area.label}: `}${plural(area.units, 'unit')}, ${fieldsText(units.filter((unit) => unit.area === area.name))}`,
          ),
        ),
        fact('Field of view', `${formatNumber(summary.fieldOfViewDeg)}°, ${summary.rasterPx} × ${summary.rasterPx} px`),
      ],
    },
    {
      title: 'Graph',
      facts: [
        ...manifest.inputs.map((input) =>
          fact(`Input ${input.tensor}`, `${input.role}, ${axesText(input.axes)}, ${input.dtype}`, ...inputLines(input)),
        ),
        ...manifest.outputs.map((output) =>
          fact(`Output ${output.tensor}`, `${outputText(output)}; ${axesText(output.axes)}`),
        ),
        fact(
          'Size of the graph',
          `opset ${graph.opset}, ${plural(graph.nodes, 'node')}, ${plural(graph.parameters, 'parameter')}`,
        ),
        fact('Same responses every time', capabilities.deterministic ? 'yes' : 'no'),
        fact('Memory', capabilities.memoryMiB === undefined ? '' : `about ${formatCount(capabilities.memoryMiB)} MiB`),
      ],
    },
    {
      title: 'Checks on this computer',
      facts: [
        fact('Reproduces here', reproducesText(summary)),
        fact('Gradient', gradientWord(summary), summary.gradientCheck?.sentence ?? ''),
      ],
    },
    {
      title: 'Validity',
      facts: [
        fact('Domains', ...validity.domains),
        fact('Tested with', ...testedLines(validity.tested)),
        fact('Acceptance checks', acceptanceText(manifest)),
        fact('Known failures', ...validity.knownFailures),
      ],
    },
    { title: 'Performance', facts: [fact('Scores', ...(manifest.performance ?? []).map(performanceText))] },
    {
      title: 'Provenance',
      facts: [
        fact('Authors', ...manifest.authors),
        fact(
          'References',
          ...manifest.references.map(({ text, doi }) => (doi === undefined ? text : `${text} doi:${doi}`)),
        ),
        fact('Source', manifest.source?.url ?? ''),
        fact('Revision', manifest.source?.revision ?? ''),
        fact('Package hash', summary.sha256),
        fact('Size on disk', formatBytes(summary.sizeBytes)),
        fact('Files', ...Object.entries(manifest.files).map(([path, sha256]) => `${path} ${sha256.slice(0, 12)}`)),
      ],
    },
  ];
}

/** One row for each fact that either of two twins has, in the order of the first one's. */
export function compareFacts(
  left: TwinDetails,
  right: TwinDetails,
): { title: string; rows: { label: string; left: readonly string[]; right: readonly string[]; differs: boolean }[] }[] {
  const absent: readonly string[] = ['–'];
  const others = twinFacts(right);
  return twinFacts(left).map(({ title, facts }, at) => {
    const theirs = others[at]?.facts ?? [];
    const labels = [...new Set([...facts, ...theirs].map(({ label }) => label))];
    const rows = labels.map((label) => {
      const own = facts.find((each) => each.label === label)?.lines ?? absent;
      const other = theirs.find((each) => each.label === label)?.lines ?? absent;
      return { label, left: own, right: other, differs: own.join('\n') !== other.join('\n') };
    });
    return { title, rows };
  });
}
