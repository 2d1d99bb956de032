import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { TwinscopeError } from '../platform/errors.ts';
import { runPlan, searchPlan } from './plans.ts';
import { stimulusDesign } from './stimuli.ts';
import { nearestName, parseWith } from './validate.ts';

function refusal(schema: z.ZodType, value: unknown): string {
  try {
    parseWith(schema, value, 'The plan');
  } catch (error) {
    if (error instanceof TwinscopeError && error.code === 'bad-input') return error.message;
    throw error;
  }
  return 'accepted';
}

const run = {
  format: 1,
  kind: 'run',
  twin: 'v1',
  stimuli: { design: { type: 'noise', n: 3 } },
};

test('a document that fits comes back with its defaults', () => {
  expect(parseWith(runPlan, run, 'The plan')).toMatchObject({ device: 'auto', twin: { id: 'v1' } });
});

describe('one sentence names what is wrong and what was meant', () => {
  test.each([
    ['an unknown key', { ...run, stimulli: 1 }, 'it has an unknown key “stimulli”, the nearest name is “stimuli”'],
    ['a missing key', { ...run, twin: undefined }, '“twin” is missing'],
    ['a wrong constant', { ...run, kind: 'search' }, '“kind” must be “run”, not “search”'],
    [
      'a wrong choice',
      { ...run, device: 'gpu' },
      '“device” must be “auto”, “cpu”, “webgpu”, “cuda”, “dml” or “coreml”, not “gpu”',
    ],
    ['a wrong type', { ...run, name: 7 }, '“name” must be text, not 7'],
    ['a number out of range', { ...run, batchSize: 0 }, '“batchSize” must be at least 1'],
    ['an empty list', { ...run, areas: [] }, '“areas” must hold at least 1 item'],
    [
      'a misspelt key inside a union',
      { ...run, stimuli: { desing: {} } },
      '“stimuli” has an unknown key “desing”, the nearest name is “design”',
    ],
    [
      'a misspelt key below a discriminated union inside a union',
      { ...run, stimuli: { design: { type: 'noise', n: 3, contrastRMS: 0.2 } } },
      '“stimuli.design” has an unknown key “contrastRMS”, the nearest name is “contrastRms”',
    ],
    [
      'a kind that does not exist',
      { ...run, stimuli: { design: { type: 'grating' } } },
      '“stimuli.design.type” must be “gratings”, “gabors”, “images”, “noise”, “tsr1”, “drifting-gratings”, “counterphase-gratings”, “drifting-plaids”, “random-dots”, “tsr1v” or “list”, not “grating”; the nearest is “gratings”',
    ],
    [
      'a key of another kind',
      { ...run, stimuli: { design: { type: 'noise', n: 3, factors: {} } } },
      '“stimuli.design” has an unknown key “factors”, the keys are type, n, spectrum, contrastRms, diameterDeg, edgeDeg, xDeg, yDeg, seed, blank',
    ],
    ['something else altogether', 'hello', 'it must be an object, not “hello”'],
  ])('%s', (_name, value, expected) => {
    const sentence = refusal(runPlan, value);
    expect(sentence).toContain(expected);
    expect(sentence).toMatch(/^The plan cannot be used: .+\.$/);
    expect(sentence).not.toContain('\n');
  });

  test('list positions are written as such', () => {
    const design = { type: 'list', stimuli: [{ type: 'blank' }, { type: 'blank', colour: 1 }] };
    expect(refusal(stimulusDesign, design)).toContain('“stimuli[1]” has an unknown key “colour”');
  });

  test('every plan names its keys', () => {
    expect(refusal(searchPlan, { format: 1, kind: 'search', twin: 'v1', constrains: {} })).toContain(
      'unknown key “constrains”, the nearest name is “constraints”',
    );
  });

  test('many faults are counted, not listed', () => {
    const schema = z.strictObject({ a: z.number(), b: z.number(), c: z.number(), d: z.number(), e: z.number() });
    expect(refusal(schema, {})).toBe(
      'The plan cannot be used: “a” is missing; “b” is missing; “c” is missing; and 2 more.',
    );
  });
});

describe('nearestName', () => {
  test.each([
    ['orientaton', ['phase', 'orientation', 'contrast'], 'orientation'],
    ['SEED', ['seed', 'speed'], 'seed'],
    ['sede', ['seed', 'speed'], 'seed'],
    ['colour', ['phase', 'contrast'], null],
    ['x', [], null],
  ])('%s', (name, candidates, expected) => {
    expect(nearestName(name, candidates)).toBe(expected);
  });
});
