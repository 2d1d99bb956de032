import { expect, test } from 'vitest';
import type { TwinManifest } from '../../contract/twins.ts';
import { smallDraft } from '../testing/smallTwin.ts';
import { requireChecks } from './checks.ts';

test('golden checks say nothing of a twin with an area that they leave out', () => {
  const { manifest, checks } = smallDraft();
  const whole: TwinManifest = { ...manifest, files: {} };
  expect(requireChecks(whole, checks).n).toBeGreaterThan(0);
  const [area] = whole.areas;
  const [output] = whole.outputs;
  const more: TwinManifest = {
    ...whole,
    areas: [...whole.areas, { ...(area as TwinManifest['areas'][number]), name: 'V2' }],
    outputs: [...whole.outputs, { ...(output as TwinManifest['outputs'][number]), tensor: 'z', area: 'V2' }],
  };
  expect(() => requireChecks(more, checks)).toThrow('they hold no responses of the output "z"');
});
