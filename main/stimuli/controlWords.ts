/** What a control of a search is called. */
import type { Control } from '../contract/results.ts';
import type { ParametricStimulus } from '../contract/plans.ts';
import { formatCount, plural } from '../platform/words.ts';
import { isMoving } from './motion.ts';
import { generatorNouns } from './words.ts';

type Named = Pick<Control, 'kind' | 'label' | 'sourceSpec'> & Partial<Pick<Control, 'spec'>>;

/** Whether a control moves: noise and stimuli of the searched space by their label, everything else by what it was made from. */
const isClip = ({ kind, label, sourceSpec }: Named): boolean =>
  kind === 'random' || kind === 'same-space'
    ? /\bnoise clips?\b|\b(drifting|counterphase|of dots)\b/.test(label)
    : sourceSpec !== null && isMoving(sourceSpec);

/** What the random stimuli are called that a search drew from its own space: 'gratings'; null for other controls. */
export function randomNouns({ kind, label, spec }: Named): string | null {
  if (kind !== 'same-space') return null;
  const named = / random (.+) of the same space/.exec(label)?.[1];
  if (named !== undefined) return named;
  return spec && spec.type in generatorNouns ? generatorNouns[spec.type as ParametricStimulus] : null;
}

/** 'image', or 'clip' for one that moves. */
export const pictureNoun = (control: Named): string => (isClip(control) ? 'clip' : 'image');

/** Short enough for a column of a table; its label is the whole description. */
export function controlTitle(control: Named & Pick<Control, 'n'>): string {
  const { kind, n } = control;
  switch (kind) {
    case 'random':
    case 'same-space': {
      const nouns = randomNouns(control);
      if (nouns !== null) return `best of ${formatCount(n)} random ${nouns}`;
      return `best of ${plural(n, kind === 'random' ? `noise ${pictureNoun(control)}` : 'starting image')}`;
    }
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
      return `Best of random ${pictureNoun(control)}s`;
    case 'same-space': {
      const nouns = randomNouns(control);
      return nouns === null ? 'Best of starting images' : `Best of random ${nouns}`;
    }
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
      return `random ${formatCount(control.n)}`;
    case 'same-space': {
      const nouns = randomNouns(control);
      return nouns === null ? 'same space' : `random ${nouns}`;
    }
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
