/** Whether a twin can be shown what a design holds: said while it is chosen, and refused before there is a job. */
import { pictureAxes } from '../contract/pictureAxes.ts';
import type { StimulusDesign } from '../contract/stimuli.ts';
import { stimulusInputOf, type TwinManifest } from '../contract/twins.ts';
import { mustStandStill, tooFast, type NotShown } from '../stimuli/motion.ts';

/**
 * Why not: stimuli that move for a twin that sees still pictures, or that change faster than its frames can show; null
 * where it can. A twin whose input has no layout at all is refused by whoever opens it.
 */
export function whyNotShown(manifest: Pick<TwinManifest, 'inputs' | 'title'>, design: StimulusDesign): NotShown | null {
  const input = stimulusInputOf(manifest);
  if (input === undefined) return null;
  if (pictureAxes(input)?.time === null) return mustStandStill(design, manifest.title);
  return input.frameRateHz === undefined ? null : tooFast(design, input.frameRateHz, manifest.title);
}
