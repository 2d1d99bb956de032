/** The form of a bare model: value presets, lists in one line, and what a preview depends on. */
import type { ModelAnswers } from '../../../main/contract/bareModels.ts';

export type Picture = ModelAnswers['picture'];
export type Area = ModelAnswers['areas'][number];

type Values = Pick<Picture, 'range' | 'mean' | 'std'>;

/** How values reach a network, as they are usually prepared. */
export const valuePresets: { key: string; label: string; channels: 1 | 3 | null; values: Values }[] = [
  {
    key: 'imagenet',
    label: 'ImageNet: its mean and sd, from 0 to 1',
    channels: 3,
    values: { range: [0, 1], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  { key: 'zero-one', label: '0 to 1', channels: null, values: { range: [0, 1], mean: null, std: null } },
  { key: 'minus-one-one', label: '−1 to 1', channels: null, values: { range: [-1, 1], mean: null, std: null } },
  { key: 'bytes', label: '0 to 255', channels: null, values: { range: [0, 255], mean: null, std: null } },
];

export const presetsFor = (channels: 1 | 3) =>
  valuePresets.filter((preset) => preset.channels === null || preset.channels === channels);

const same = (a: readonly number[] | null, b: readonly number[] | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((value, at) => value === b[at]));

/** The preset that these values are, or null. */
export function presetOf({ range, mean, std }: Values): string | null {
  const found = valuePresets.find(
    ({ values }) => same(values.range, range) && same(values.mean, mean) && same(values.std, std),
  );
  return found?.key ?? null;
}

/** '0.485, 0.456 0.406' → the numbers; null where nothing is written, undefined where it is no list of numbers. */
export function numbersIn(text: string): number[] | null | undefined {
  const parts = text.split(/[\s,;[\]()]+/).filter(Boolean);
  if (parts.length === 0) return null;
  const values = parts.map((part) => Number(part.replace('−', '-')));
  return values.every(Number.isFinite) ? values : undefined;
}

export const numbersText = (values: readonly number[] | null): string => values?.join(', ') ?? '';

/** One to a line or separated by semicolons. */
export const linesIn = (text: string): string[] =>
  text
    .split(/[\n;]+/)
    .map((line) => line.trim())
    .filter(Boolean);

export const emptyArea = (tensor: string): Area => ({
  tensor,
  name: null,
  label: null,
  atlas: null,
  hemisphere: null,
  colourOf: null,
  layer: null,
  basis: null,
});

/** What a preview depends on: names and texts change nothing in it. */
export const previewAnswers = ({ picture, areas }: ModelAnswers) => ({
  picture,
  areas: areas.map(({ tensor }) => ({ tensor })),
});
