import { expect, it } from 'vitest';
import { modelAnswers, type ModelInspection } from '../contract/bareModels.ts';
import { manifestOf } from './bareModel.ts';

const model: Pick<ModelInspection, 'picture' | 'areas' | 'opset' | 'deterministic'> = {
  picture: { tensor: 'picture', channels: 1, channelsLast: false, sizePx: 8 } as ModelInspection['picture'],
  areas: [],
  opset: 18,
  deterministic: true,
};
const manifest = (licences: { weights: string; data?: string }, commercialUse?: boolean) =>
  manifestOf(model, modelAnswers.parse({ licences, commercialUse }));

it('commercial use follows the licences, is what was answered, or is left out where nobody has said', () => {
  expect(manifest({ weights: 'MIT' })).toMatchObject({
    licences: { weights: 'MIT', code: 'NOASSERTION', data: 'NOASSERTION' },
    commercialUse: true,
  });
  expect(manifest({ weights: 'MIT' }, false).commercialUse).toBe(false);
  expect(manifest({ weights: 'MIT', data: 'CC-BY-NC-4.0' }).commercialUse).toBe(false);
  // A licence that forbids it overrules the answer.
  expect(manifest({ weights: 'CC-BY-NC-4.0' }, true).commercialUse).toBe(false);
  expect(manifest({ weights: 'LicenseRef-lab' }, true).commercialUse).toBe(true);
  expect(manifest({ weights: 'LicenseRef-lab' })).not.toHaveProperty('commercialUse');
  expect(manifest({ weights: '' })).not.toHaveProperty('commercialUse');
});
