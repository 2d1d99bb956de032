/** What a control of a search is called. */
import type { Control } from '../contract/results.ts';
import { plural } from '../platform/words.ts';
import { isMoving } from './motion.ts';

type Named = Pick<Control, 'kind' | 'label' | 'sourceSpec'> & Partial<Pick<Control, 'spec'>>;

/** Results of older versions have random gratings among the controls of kind 'random'. */
const isGratings = ({ kind, label, spec }: Named): boolean =>
  (kind === 'random' || kind === 'same-space') && (label.includes('grating') || spec?.type === 'grating');

/** Whether a control moves: noise by its label, everything else by what it was made from. */
const isClip = ({ kind, label, sourceSpec }: Named): boolean =>
  kind === 'random' ? /\bnoise clips?\b/.test(label) : sourceSpec !== null && isMoving(sourceSpec);

/** 'image', or 'clip' for one that moves. */
export const pictureNoun = (control: Named): string => (isClip(control) ? 'clip' : 'image');

/** Short enough for a column of a table; its label is the whole description. */
export function controlTitle(control: Named & Pick<Control, 'n'>): string {
  const { kind, n } = control;
  switch (kind) {
    case 'random':
      return isGratings(control)
        ? `best of ${plural(n, 'random grating')}`
        : `best of ${plural(n, `noise ${pictureNoun(control)}`)}`;
    case 'same-space':
      return `best of ${plural(n, isGratings(control) ? 'random grating' : 'starting image')}`;
    case 'phase-scrambled':
      return `best of ${plural(n, 'phase scramble')}`;
    case 'best-of-set':
      return `best of ${plural(n, pictureNoun(control))}`;
    case 'best-of-reference':
      return `best of ${plural(n, 'reference stimulus', 'reference stimuli')}`;
    case 'best-grating':
      return `best of ${plural(n, 'grating')}`;
  }
}

/** What kind of control it is, whatever its number of samples, so that two searches can be set beside each other. */
export function controlFamily(control: Named): string {
  switch (control.kind) {
    case 'random':
      return isGratings(control) ? 'Best of random gratings' : `Best of random ${pictureNoun(control)}s`;
    case 'same-space':
      return isGratings(control) ? 'Best of random gratings' : 'Best of starting images';
    case 'phase-scrambled':
      return 'Best of phase scrambles';
    case 'best-of-set':
      return `Best ${pictureNoun(control)} of a set`;
    case 'best-of-reference':
      return 'Best of the reference set';
    case 'best-grating':
      return 'Best grating of the reference';
  }
}

/** In two words, for axes. */
export function controlName(control: Named & Pick<Control, 'n'>): string {
  switch (control.kind) {
    case 'random':
      return isGratings(control) ? 'random gratings' : `random ${control.n.toLocaleString('en-US')}`;
    case 'same-space':
      return isGratings(control) ? 'random gratings' : 'same space';
    case 'phase-scrambled':
      return 'phase scrambled';
    case 'best-of-set':
      return `best ${pictureNoun(control)}`;
    case 'best-of-reference':
      return 'best reference';
    case 'best-grating':
      return 'best grating';
  }
}
