/** Protocols for tests: small, with one stimulus of every kind that a description alone defines. */
import { protocolPlan, type ProtocolPlan } from '../../contract/plans.ts';
import { stimulusSpec, type StimulusSpec } from '../../contract/stimuli.ts';
import { hashJson } from '../../platform/hash.ts';
import type { ProtocolStimulusInput } from '../expand.ts';

export const plan = (changes: Record<string, unknown> = {}): ProtocolPlan =>
  protocolPlan.parse({ format: 1, kind: 'protocol', items: [{ stimuli: { set: 'test' } }], ...changes });

export const spec = (document: Record<string, unknown>): StimulusSpec => stimulusSpec.parse(document);

export function input(label: string, condition: string, document: Record<string, unknown>): ProtocolStimulusInput {
  const parsed = spec(document);
  return { label, condition, spec: parsed, sha256: hashJson(parsed), thumbnail: `thumb/${label}` };
}

export const threeStimuli = (): ProtocolStimulusInput[] => [
  input('45° 2 cpd', 'grating', {
    type: 'grating',
    orientationDeg: 45,
    spatialFrequencyCpd: 2,
    diameterDeg: 2,
    contrast: 0.5,
  }),
  input('[1, 2]', '(tuple)', {
    type: 'gabor',
    orientationDeg: 0,
    spatialFrequencyCpd: 1.5,
    sigmaDeg: 0.4,
    xDeg: 1,
    contrast: 0.8,
  }),
  input('123', '1e5', { type: 'noise', spectrum: 'white', contrastRms: 0.15, diameterDeg: 2, seed: 3 }),
];
