import { describe, expect, it } from 'vitest';
import { TwinscopeError } from '../../main/platform/errors.ts';
import { behaviourText, smallerBatches } from '../../main/stimuli/provenanceWords.ts';
import { screenPxOf } from '../app/settings.ts';
import { withBehaviour } from './BehaviourFields.tsx';
import { errorSentence } from './errors.tsx';
import { safeFileName, toCsv } from './exportPlot.ts';
import { formatEstimate, formatNumber, formatRate, formatSeconds, plural, unitsInShort } from './format.ts';
import { unbroken } from './StimulusTile.tsx';
import { columnsFor, sortRows, type Column } from './VirtualTable.tsx';

describe('numbers for people', () => {
  it('keeps three significant digits and a real minus sign', () => {
    expect([1234.5, 0.12345, -2.5, 0, 22.5].map((value) => formatNumber(value))).toEqual([
      '1235',
      '0.123',
      '−2.5',
      '0',
      '22.5',
    ]);
    expect(formatNumber(1.6e-7)).toBe('1.60e−7');
    expect(formatNumber(-1.6e-7)).toBe('−1.60e−7');
    expect(formatNumber(Number.NaN)).toBe('missing');
  });
  it('says durations, rates and counts with their units', () => {
    expect([0.34, 8.2, 75, 3725].map(formatSeconds)).toEqual(['0.3 s', '8 s', '1 min 15 s', '1 h 02 min']);
    expect([0, 0.004, 0.05].map(formatSeconds)).toEqual(['0.0 s', 'under 0.1 s', '0.1 s']);
    expect([0, 0.004, 0.99, 1, 75].map(formatEstimate)).toEqual([
      'under a second',
      'under a second',
      'under a second',
      'about 1 s',
      'about 1 min 15 s',
    ]);
    expect(formatRate(594.4, 'stimuli')).toBe('594 stimuli/s');
    expect([1, 1200].map((n) => plural(n, 'stimulus', 'stimuli'))).toEqual(['1 stimulus', '1,200 stimuli']);
  });
});

describe('behaviour', () => {
  const channel = { name: 'pupil', units: '', default: 1 };
  it('stands in a plan only where it is not the default', () => {
    expect(withBehaviour(undefined, channel, 2)).toEqual({ pupil: 2 });
    expect(withBehaviour({ pupil: 2 }, channel, 1)).toBeUndefined();
    expect(withBehaviour({ pupil: 2, running: 5 }, channel, 1)).toEqual({ running: 5 });
    expect(behaviourText({ pupil: 2, running: 5 })).toBe('pupil 2, running 5');
  });
});

it('a narrow table leaves out the columns that ask for more room', () => {
  const column = (key: string, fromRem?: number): Column<string> => ({
    key,
    title: key,
    width: '1fr',
    render: (row) => row,
    ...(fromRem === undefined ? {} : { fromRem }),
  });
  const columns = [column('name'), column('detail', 30), column('licence', 50)];
  const keys = (widthRem: number) => columnsFor(columns, widthRem).map(({ key }) => key);
  expect([10, 30, 50].map(keys)).toEqual([['name'], ['name', 'detail'], ['name', 'detail', 'licence']]);
  // Not measured yet.
  expect(keys(0)).toEqual(['name', 'detail', 'licence']);
});

describe('provenance', () => {
  it('says from where the batches are smaller', () => {
    const segments = [
      { first: 0, batchSize: 8 },
      { first: 1280, batchSize: 1 },
    ];
    expect(smallerBatches({ plan: { kind: 'run' }, segments })).toEqual([
      'from the start: batches of 8',
      'after 1,280 stimuli: one stimulus at a time',
    ]);
    expect(smallerBatches({ plan: { kind: 'search' }, segments: [{ first: 1, batchSize: 4 }] })).toEqual([
      'after 1 step: batches of 4',
    ]);
    expect(smallerBatches({ plan: { kind: 'run' } })).toEqual([]);
  });
});

describe('saved plots', () => {
  it('quotes cells as RFC 4180 asks and leaves missing values empty', () => {
    const csv = toCsv({
      columns: ['label', 'r'],
      rows: [
        ['45° · 2 cpd', 1.5],
        ['a "b", c', null],
      ],
    });
    expect(csv).toBe('label,r\r\n45° · 2 cpd,1.5\r\n"a ""b"", c",\r\n');
  });
  it('makes names that every file system takes', () => {
    expect(safeFileName('V1-simple s008')).toBe('V1-simple-s008');
    expect(safeFileName('../../Units × conditions?')).toBe('Units-conditions');
    expect(safeFileName('×')).toBe('plot');
  });
});

it('says units on an axis in few words, and the rest elsewhere', () => {
  expect(unitsInShort('spikes/s')).toBe('spikes/s');
  expect(unitsInShort('arbitrary: 1 is the response to the preferred grating at contrast 1')).toBe('arbitrary');
  expect(unitsInShort('fraction of the largest response that was recorded')).toBe('fraction of the largest…');
  expect(unitsInShort('(z)')).toBe('(z)');
});

it('breaks captions between their parts only, and long parts anywhere', () => {
  expect(unbroken('22.5° · 0.75 cpd · phase 0°')).toBe('22.5°\u00a0· 0.75\u00a0cpd\u00a0· phase\u00a00°');
  expect(unbroken('a photograph of my garden')).toBe('a photograph of my garden');
  expect(unbroken('51.8 · 67.5° · 6 cpd · phase 0°')).toBe('51.8 · 67.5° · 6 cpd · phase 0°');
});

it('sorts missing values last in both directions and numbers inside names by value', () => {
  const column: Column<number | null> = { key: 'v', title: 'v', width: '1fr', render: String, sortBy: (row) => row };
  const rows = [2, null, 10, Number.NaN, 1];
  expect(sortRows(rows, column, false)).toEqual([1, 2, 10, null, Number.NaN]);
  expect(sortRows(rows, column, true)).toEqual([10, 2, 1, null, Number.NaN]);
  const names: Column<string> = { key: 'n', title: 'n', width: '1fr', render: String, sortBy: (row) => row };
  expect(sortRows(['s10', 's9', 's1'], names, false)).toEqual(['s1', 's9', 's10']);
});

it('passes on sentences that are meant for people, and wraps those that are not', () => {
  expect(errorSentence(new TwinscopeError('disk-full', 'The disk is full.'))).toBe('The disk is full.');
  expect(errorSentence(new Error('x is undefined'))).toMatch(/Your project is as it was/);
});

it('knows the true size: 1° at 57.29 cm is 1 cm', () => {
  expect(screenPxOf(1, { pxPerCm: 40, viewingDistanceCm: 57.29 })).toBeCloseTo(40, 2);
  // Flat screen: 2·57·tan 20° = 41.49 cm.
  expect(screenPxOf(40, { pxPerCm: 1, viewingDistanceCm: 57 })).toBeCloseTo(41.49, 2);
});
