/** What a control of a search is called. */
import type { Control } from '../contract/results.ts';
import { isMoving } from './motion.ts';

/** Whether a control moves: noise by its label, everything else by what it was made from. */
const isClip = ({ kind, label, sourceSpec }: Pick<Control, 'kind' | 'label' | 'sourceSpec'>): boolean =>
  kind === 'random' ? /\bnoise clips?\b/.test(label) : sourceSpec !== null && isMoving(sourceSpec);

/** 'image', or 'clip' for one that moves. */
export const pictureNoun = (control: Pick<Control, 'kind' | 'label' | 'sourceSpec'>): string =>
  isClip(control) ? 'clip' : 'image';
