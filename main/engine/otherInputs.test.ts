import { expect, it } from 'vitest';
import type { TwinInput } from '../contract/twins.ts';
import { behaviourBeyond } from './otherInputs.ts';

const inputs: TwinInput[] = [
  {
    role: 'behaviour',
    tensor: 'behaviour',
    dtype: 'float32',
    axes: [
      { name: 'batch', size: null },
      { name: 'channel', size: 2 },
    ],
    channels: [
      { name: 'running_cm_per_s', units: 'cm/s', default: 0, range: [0, 60] },
      { name: 'lick_rate', units: 'Hz', default: 0 },
    ],
  },
];

it('says where behaviour lies beyond what a twin was made for, and nothing inside or where no range is stated', () => {
  expect(behaviourBeyond({ inputs }, {})).toBeNull();
  expect(behaviourBeyond({ inputs }, { running_cm_per_s: 60, lick_rate: 1000 })).toBeNull();
  expect(behaviourBeyond({ inputs }, { running_cm_per_s: 200 })).toBe(
    'Behaviour outside what the twin was made for: running_cm_per_s 200, made for 0 to 60. Its predictions there are ' +
      'extrapolations.',
  );
  expect(behaviourBeyond({ inputs }, { running_cm_per_s: -1 })).toContain('running_cm_per_s −1');
});
