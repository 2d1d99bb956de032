/** What a control of a search is called. */
import type { Control } from '../contract/results.ts';
import { isMoving } from './motion.ts';

/** Whether a control moves: noise and stimuli of the searched space by their label, everything else by what it was made from. */
const isClip = ({ kind, label, sourceSpec }: Pick<Control, 'kind' | 'label' | 'sourceSpec'>): boolean =>
  kind === 'random'
    ? /\bnoise clips?\b|\b(drifting|counterphase|of dots)\b/.test(label)
    : sourceSpec !== null && isMoving(sourceSpec);

/** What the random stimuli are called that a search drew from its own space: 'gratings'; null for other controls. */
export const randomNouns = ({ kind, label }: Pick<Control, 'kind' | 'label'>): string | null =>
  kind === 'random' ? (/ random (.+) of the same space/.exec(label)?.[1] ?? null) : null;

/** 'image', or 'clip' for one that moves. */
export const pictureNoun = (control: Pick<Control, 'kind' | 'label' | 'sourceSpec'>): string =>
  isClip(control) ? 'clip' : 'image';
