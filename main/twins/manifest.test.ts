/** What a manifest and a unit table must say, and how a package is identified. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashOfManifest, packageHash } from './packageHash.ts';
import { parseManifest, unsafePath } from './manifest.ts';
import { smallManifest } from './testing/smallTwin.ts';
import { formatUnits, numberedUnits, parseUnits } from './unitsCsv.ts';

const good = { ...smallManifest(), files: { 'model.onnx': 'a'.repeat(64) } };
const text = (change: Record<string, unknown> = {}): string => JSON.stringify({ ...good, ...change });

describe('parseManifest', () => {
  it('reads a good manifest and tolerates keys it does not know', () => {
    expect(parseManifest(text({ laboratory: 'ours' })).id).toBe('small-twin');
  });

  const hash = 'a'.repeat(64);
  it.each([
    ['text that is not JSON', 'not json', 'bad-input', /twin\.json is not JSON/],
    ['a newer format', text({ format: 2 }), 'newer-format', /format 2.*reads format 1/],
    ['a missing field', text({ species: undefined }), 'bad-input', /"species" in twin\.json/],
    ['an id with capitals', text({ id: 'Small' }), 'bad-input', /"id" in twin\.json/],
    [
      'a path out of the package',
      text({ files: { 'model.onnx': hash, '../x': hash } }),
      'bad-input',
      /"\.\.\/x" is not allowed/,
    ],
    [
      'equal names but for case',
      text({ files: { 'model.onnx': hash, 'Model.onnx': hash } }),
      'bad-input',
      /upper and lower case/,
    ],
    [
      'equal names but for how an accent is written',
      text({ files: { 'model.onnx': hash, '\u00e9': hash, 'e\u0301': hash } }),
      'bad-input',
      /the writing of accents/,
    ],
    ['half a character', text({ files: { 'model.onnx': hash, '\ud800': hash } }), 'bad-input', /since it is no text/],
    [
      'more units than memory holds',
      text({
        areas: [{ name: 'V1', label: 'V1', units: 2e8 }],
        outputs: [
          {
            tensor: 'y',
            area: 'V1',
            axes: [
              { name: 'batch', size: null },
              { name: 'unit', size: 2e8 },
            ],
          },
        ],
      }),
      'bad-input',
      /declares 200000000 units and at most 1000000 are allowed/,
    ],
    [
      'more areas than can be compared',
      text({ areas: Array.from({ length: 1001 }, (_, at) => ({ name: `a${at}`, label: 'a', units: 1 })) }),
      'bad-input',
      /declares 1001 areas and at most 1000 are allowed/,
    ],
    ['no graph', text({ files: {} }), 'bad-input', /model\.onnx is not among its files/],
    [
      'an output without area',
      text({ areas: [{ name: 'V2', label: 'V2', units: 2 }] }),
      'bad-input',
      /"V1", which is no area/,
    ],
    [
      'a wrong count',
      text({ areas: [{ name: 'V1', label: 'V1', units: 3 }] }),
      'bad-input',
      /V1 has 3 units and its output "y" has 2/,
    ],
    [
      'no stimulus',
      text({ inputs: good.inputs.map((input) => ({ ...input, role: 'tokens' })) }),
      'bad-input',
      /no stimulus input/,
    ],
  ])('refuses %s in a sentence', (_, manifest, code, sentence) => {
    let caught: unknown;
    try {
      parseManifest(manifest);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ name: 'TwinscopeError', code });
    expect((caught as Error).message).toMatch(sentence);
  });
});

describe('unsafePath', () => {
  it.each([
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a//b',
    './a',
    'C:\\x',
    'a\\b',
    'a\u0000b',
    'nul',
    'aux.txt',
    'a./b',
    '',
    'x ',
  ])('refuses %j', (path) => expect(unsafePath(path)).not.toBeNull());
  it.each(['model.onnx', 'data/weights.bin', '.hidden', 'Übersicht.md', 'console.txt'])('allows %j', (path) =>
    expect(unsafePath(path)).toBeNull(),
  );
});

describe('packageHash', () => {
  it('is the SHA-256 of the sorted list of file hashes', () => {
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
    const expected = createHash('sha256').update(`{"model.onnx":"${a}","twin.json":"${b}"}`).digest('hex');
    expect(packageHash({ 'twin.json': b, 'model.onnx': a })).toBe(expected);
  });
  it('follows from the manifest text, and changes with one character of it', () => {
    const one = text();
    const manifest = parseManifest(one);
    const own = createHash('sha256').update(one).digest('hex');
    expect(hashOfManifest(one, manifest)).toBe(packageHash({ ...manifest.files, 'twin.json': own }));
    expect(hashOfManifest(`${one} `, manifest)).not.toBe(hashOfManifest(one, manifest));
  });
});

describe('units.csv', () => {
  const areas = [
    { name: 'V1', label: 'V1', units: 2 },
    { name: 'V2', label: 'V2', units: 1 },
  ];
  const csv =
    'unit,area,x_deg,y_deg,size_deg,layer,orientation_deg\na,V1,1.5,-2,0.5,"4C, upper",30\n"b ""2""",V1,,,,,\nc,V2,0,0,1,5,\n';

  it('reads numbers, texts, quotes and missing values, indexed within each area', () => {
    const units = parseUnits(csv, areas);
    expect(units).toEqual([
      {
        unit: 'a',
        area: 'V1',
        index: 0,
        xDeg: 1.5,
        yDeg: -2,
        sizeDeg: 0.5,
        extra: { layer: '4C, upper', orientation_deg: 30 },
      },
      { unit: 'b "2"', area: 'V1', index: 1, xDeg: null, yDeg: null, sizeDeg: null, extra: {} },
      { unit: 'c', area: 'V2', index: 0, xDeg: 0, yDeg: 0, sizeDeg: 1, extra: { layer: 5 } },
    ]);
    expect(parseUnits(formatUnits(units), areas)).toEqual(units);
    expect(parseUnits(`\uFEFF${csv.replaceAll('\n', '\r\n')}`, areas)).toEqual(units);
  });

  it.each([
    ['', /it is empty/],
    ['unit,x_deg\n', /no column "area"/],
    ['unit,area\na,V1\nb,V1\n', /V2 has 1 units and the table lists 0/],
    ['unit,area\na,V1\na,V1\nc,V2\n', /line 3: the unit id "a" is empty or taken/],
    ['unit,area\na,V9\n', /line 2 names the area "V9"/],
    ['unit,area\na,V1,7\n', /line 2 has 3 cells/],
    ['unit,area,x_deg\na,V1,left\n', /"left" in x_deg is not a number/],
    ['unit,area\n"a,V1\n', /never closed/],
    [`unit,area\n${'\n'.repeat(4)}`, /more rows than the 3 units of the manifest/],
    [`unit,area${','.repeat(1000)}\n`, /more than 1000 columns/],
  ])('refuses %j in a sentence', (bad, sentence) => {
    expect(() => parseUnits(bad, areas)).toThrow(sentence);
  });

  it('numbers the units of a twin without a table', () => {
    expect(numberedUnits(areas).map(({ unit, area, index }) => [unit, area, index])).toEqual([
      ['u0', 'V1', 0],
      ['u1', 'V1', 1],
      ['u0', 'V2', 0],
    ]);
  });
});
