import { expect, test } from 'vitest';
import { searchPlan, type SearchPlan, type TwinRef } from '../../contract/plans.ts';
import type { TwinManifest } from '../../contract/twins.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { sha256Hex } from '../../platform/hash.ts';
import type { Library } from '../../twins/node/library.ts';
import { smallManifest } from '../../twins/testing/smallTwin.ts';
import { heldOutTwins, pinHeldOut, sameArchitecture } from './heldOut.ts';

test('siblings and other seeds are of one architecture, twins of other families are not', () => {
  const v1 = { id: 'macaque-v1-gabor-energy', title: 'Macaque V1' };
  expect(sameArchitecture(v1, { id: 'macaque-v1-gabor-energy-sibling-5', title: 'x' })).toBe(true);
  expect(sameArchitecture(v1, { id: 'macaque-v1-gabor-energy-seed-2-sibling-12-5', title: 'x' })).toBe(true);
  expect(sameArchitecture({ ...v1, id: 'own' }, { id: 'renamed', title: 'Macaque V1, other seed (2)' })).toBe(true);
  expect(sameArchitecture(v1, { id: 'macaque-ventral-hierarchy', title: 'Macaque ventral stream, V1 to IT' })).toBe(
    false,
  );
});

const named = (id: string, change: object = {}) => ({
  manifest: { ...smallManifest(), id, ...change },
  sha256: sha256Hex(id),
  units: [],
  modelFile: `${id}.onnx`,
});
/** Holds what is named, and knows twins by their id. */
const libraryOf = (...twins: ReturnType<typeof named>[]) => ({
  library: {
    resolve: async ({ id }: TwinRef) => {
      const found = twins.find(({ manifest }) => manifest.id === id);
      if (found === undefined) throw new TwinscopeError('not-found', `There is no twin "${id}" in the library.`);
      return found;
    },
  } as unknown as Library,
});
const plan = (changes: object): SearchPlan =>
  searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: 'own',
    target: [{ area: 'V1' }],
    space: { type: 'pixels' },
    optimiser: { type: 'gradient', steps: 1 },
    ...changes,
  });

test('what is searched, on its own or beside it, cannot be held out, whatever it is called', async () => {
  const other = named('other');
  const services = libraryOf(named('own'), other, named('third'), {
    ...other,
    manifest: named('alias').manifest,
  });
  const beside = { with: [{ twin: 'other', as: 'B' }] };
  const pinned = await pinHeldOut(services, plan({ ...beside, heldOut: ['third'] }));
  expect(pinned).toEqual([{ id: 'third', version: '1.0.0', sha256: sha256Hex('third') }]);
  for (const [changes, words] of [
    [
      { ...beside, heldOut: ['third', 'other'] },
      /^other cannot be held out: it is one of the other twins of the search\. Nothing/,
    ],
    [{ ...beside, heldOut: ['alias'] }, /^alias cannot be held out: it is one of the other twins/],
    [{ ...beside, heldOut: ['own'] }, /^own cannot be held out: it is the twin that is searched\./],
    [{ heldOut: ['other', 'alias'] }, /^alias cannot be held out: it is named twice\./],
  ] as const) {
    await expect(pinHeldOut(services, plan(changes))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(words),
    });
  }
});

test('one that is gone, or that lacks the window of the plan, comes with the reason', async () => {
  const outputs = [
    {
      tensor: 'y',
      area: 'V1',
      axes: [
        { name: 'batch', size: null },
        { name: 'time', size: 8 },
        { name: 'unit', size: 2 },
      ],
    },
  ];
  const [input] = smallManifest().inputs;
  const axes = [...(input?.axes ?? [])];
  axes.splice(1, 0, { name: 'time', size: 8 });
  const clips = named('clips', { inputs: [{ ...input, axes, frameRateHz: 16 }], outputs });
  const own = named('own');
  const services = libraryOf(own, clips, named('own-sibling-5'));
  const window = { fromMs: 125, toMs: 500 };
  const heldOut = ['clips', 'own-sibling-5', 'own-seed-2'].map((id) => ({
    id,
    version: '1.0.0',
    sha256: sha256Hex(id),
  }));
  const session = { device: 'cpu', batchSize: 8, threads: 1 } as const;
  const searched = { manifest: own.manifest as TwinManifest, ...session };
  const [able, still, gone] = await heldOutTwins(services, { heldOut, window }, searched);
  expect(able).toMatchObject({ failure: null, twin: { id: 'clips', window, ...session } });
  expect(still).toMatchObject({
    tier: 'same architecture',
    twin: { id: 'own-sibling-5', version: '1.0.0' },
    failure: expect.stringMatching(
      /^The window 125 to 500 ms cannot be used for V1 of Small twin: its responses have no time/,
    ),
  });
  expect(gone).toEqual({
    tier: 'same architecture',
    twin: heldOut[2],
    failure: 'There is no twin "own-seed-2" in the library.',
  });
});
