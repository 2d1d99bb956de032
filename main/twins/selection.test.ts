import { describe, expect, test } from 'vitest';
import type { TwinSummary } from '../contract/twins.ts';
import { filterChoices, gradientWord, parseSize, twinMatches, type TwinFilter } from './selection.ts';

function summary(id: string, change: Partial<TwinSummary>): TwinSummary {
  const licences = { code: 'MIT', weights: change.licence ?? 'MIT', data: 'NONE' };
  return {
    id,
    version: '1.0.0',
    sha256: 'a'.repeat(64),
    title: id,
    summary: 'A twin.',
    species: 'macaque',
    modality: 'vision, static images',
    areas: [{ name: 'V1', label: 'V1', units: 2 }],
    units: 2,
    gradient: 'derived',
    authors: [],
    licence: 'MIT',
    licences,
    commercialUse: true,
    tested: null,
    builtIn: false,
    sizeBytes: 1000,
    fieldOfViewDeg: 8,
    rasterPx: 64,
    reproduces: null,
    reproductions: [],
    gradientCheck: null,
    ...change,
  };
}
const verdict = (word: 'verified' | 'refused') =>
  ({ verdict: word }) as unknown as NonNullable<TwinSummary['gradientCheck']>;

const library = [
  summary('gabor', {
    title: 'Macaque V1, Gabor energy',
    areas: [{ name: 'V1-simple', label: 'simple cells', units: 2, colourOf: 'V1' }],
    sizeBytes: 19e6,
    authors: ['Ada Lovelace'],
    gradientCheck: verdict('verified'),
  }),
  summary('hierarchy', {
    areas: [
      { name: 'V4', label: 'V4', units: 2 },
      { name: 'IT', label: 'inferotemporal cortex', units: 2 },
    ],
    licence: 'CC-BY-NC-4.0',
    gradientCheck: verdict('refused'),
  }),
  summary('mouse', {
    species: 'mouse (C57BL/6)',
    modality: 'vision, video with behaviour',
    areas: [{ name: 'VISp', label: 'primary visual area', units: 2 }],
    licence: 'NOASSERTION',
    gradient: 'none',
    sizeBytes: 1e6,
  }),
];
const found = (filter: TwinFilter): string[] => library.filter((twin) => twinMatches(twin, filter)).map(({ id }) => id);

describe('finding twins', () => {
  test('every word may stand in title, id, areas, species or authors', () => {
    expect(found({})).toEqual(['gabor', 'hierarchy', 'mouse']);
    expect(found({ text: '' })).toHaveLength(3);
    expect(found({ text: 'lovelace' })).toEqual(['gabor']);
    expect(found({ text: 'ENERGY macaque' })).toEqual(['gabor']);
    expect(found({ text: 'inferotemporal' })).toEqual(['hierarchy']);
    expect(found({ text: 'visp mouse' })).toEqual(['mouse']);
    expect(found({ text: 'visp macaque' })).toEqual([]);
  });

  test('by species, area and modality; an area is no part of a word', () => {
    expect(found({ species: 'Mouse' })).toEqual(['mouse']);
    expect(found({ area: 'v1' })).toEqual(['gabor']);
    expect(found({ area: 'V1-simple' })).toEqual(['gabor']);
    expect(found({ area: 'V' })).toEqual([]);
    expect(found({ area: 'IT' })).toEqual(['hierarchy']);
    expect(found({ modality: 'video' })).toEqual(['mouse']);
    expect(found({ species: 'macaque', area: 'V4' })).toEqual(['hierarchy']);
  });

  test('by licence as it is named, restricted or not stated', () => {
    expect(found({ licence: 'mit' })).toEqual(['gabor']);
    expect(found({ licence: 'CC-BY' })).toEqual(['hierarchy']);
    expect(found({ licence: 'non-commercial' })).toEqual(['hierarchy']);
    expect(found({ licence: 'not stated' })).toEqual(['mouse']);
    expect(found({ licence: 'NOASSERTION' })).toEqual([]);
  });

  test('by what the gradient check has shown, and by size on disk', () => {
    expect(library.map(gradientWord)).toEqual(['verified', 'refused', 'none']);
    expect(gradientWord(summary('new', {}))).toBe('not checked');
    expect(found({ gradient: 'Verified' })).toEqual(['gabor']);
    expect(found({ gradient: 'none' })).toEqual(['mouse']);
    expect(found({ maxBytes: 1e6 })).toEqual(['hierarchy', 'mouse']);
    expect(found({ maxBytes: 999 })).toEqual([]);
  });
});

test('each filter offers what the library has, and every offer finds something', () => {
  const choices = filterChoices(library);
  expect(choices).toEqual({
    species: ['macaque', 'mouse (C57BL/6)'],
    area: ['IT', 'V1', 'V4', 'VISp'],
    modality: ['vision, static images', 'vision, video with behaviour'],
    licence: ['CC-BY-NC-4.0', 'MIT', 'non-commercial', 'not stated'],
    gradient: ['verified', 'refused', 'none'],
  });
  for (const [key, values] of Object.entries(choices)) {
    for (const value of values) expect(found({ [key]: value }), `${key} ${value}`).not.toEqual([]);
  }
});

test('sizes are read in decimal units', () => {
  expect(['20MB', '1.5 GB', '500kB', '512', '12 b'].map(parseSize)).toEqual([20e6, 1.5e9, 500e3, 512, 12]);
  for (const text of ['', '5x', 'MB', '-1 MB', '1,5 MB', '1 MiB'])
    expect(() => parseSize(text), text).toThrow(/is no size/);
});
