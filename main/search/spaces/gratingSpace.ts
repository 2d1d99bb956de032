/** The grating space of a plan: the parameters of a grating, its contrast lowered where the luminance range asks for it. */
import type { Constraints, GratingSpace } from '../../contract/plans.ts';
import type { GratingSpec } from '../../contract/stimuli.ts';
import type { SearchField } from '../model.ts';
import type { SpecBox } from './box.ts';
import { contrastRoom, createParametricBox } from './parametricSpace.ts';

/** Contrast of every grating beside the box of its other parameters. */
export type GratingBox = Omit<SpecBox, 'spec'> & {
  readonly contrast: number;
  spec(point: readonly number[]): GratingSpec;
};

/** Throws 'bad-input' for bounds that are empty, beyond the raster's Nyquist limit or outside the luminance range. */
export function createGratingBox(space: GratingSpace, constraints: Constraints, field: SearchField): GratingBox {
  const { type: _, contrast: wanted, ...parameters } = space;
  const contrast = Math.min(wanted, contrastRoom('Gratings', constraints, field));
  const box = createParametricBox(
    { type: 'parametric', stimulus: 'grating', parameters: { ...parameters, contrast } },
    constraints,
    field,
  );
  return { ...box, contrast, spec: (point) => box.spec(point) as GratingSpec };
}
