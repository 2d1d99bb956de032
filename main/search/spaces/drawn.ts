/** Stimuli drawn from a box, each made from its number alone: a source of any length that holds nothing. */
import { usualSamples } from '../../contract/plans.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import type { StimulusSource } from '../model.ts';
import type { SpecBox } from './box.ts';
import { haltonSequence, type PointSequence, randomSequence } from './halton.ts';

export type DrawnSource = StimulusSource & { point: PointSequence };

export function drawnFrom(
  box: SpecBox,
  { samples = usualSamples, sampling }: { samples?: number | undefined; sampling: 'halton' | 'random' },
  seed: number,
  render: (spec: StimulusSpec) => Float32Array,
): DrawnSource {
  const sequence = sampling === 'halton' ? haltonSequence : randomSequence;
  const point = sequence(box.genes.length, seed, 'screened sample');
  const spec = (index: number): StimulusSpec => box.spec(point(index));
  return { count: samples, point, spec, render: async (index) => render(spec(index)) };
}
