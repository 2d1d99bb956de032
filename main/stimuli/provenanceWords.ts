/** What a result was made with, in the words that the window and the printed report share. */
import { firstBehaviour, searchMembers, type SearchPlan } from '../contract/plans.ts';
import type { Provenance } from '../contract/results.ts';
import { formatNumber, plural } from '../platform/words.ts';

/** What a stimulus set was for, as people say it. */
const setRoles: Record<string, string> = {
  stimuli: 'Stimuli',
  reference: 'Reference set',
  halfB: 'Best reference stimulus of',
  bestOf: 'Best image of',
  screening: 'Screened set',
  start: 'Started from',
  'constraint foreground': 'Foreground of the mask, of',
  'constraint background': 'Background of the mask, of',
  'constraint spectrum': 'Spectrum of a stimulus of',
  'constraint distance': 'Distance to a stimulus of',
};

export const setRoleText = (role: string): string =>
  setRoles[role] ?? (role.startsWith('goal ') ? 'Stimulus to be matched, of' : role);

/** 'running_cm_per_s 20, pupil 1.5'; undefined where nothing was set. */
export const behaviourText = (values: Readonly<Record<string, number>> | undefined): string | undefined =>
  values === undefined
    ? undefined
    : Object.entries(values)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ');

/** What the twin of the plan was told, in the first of its states where it has several; undefined for its defaults. */
export function ownBehaviourText(plan: Pick<SearchPlan, 'behaviour' | 'states'>): string | undefined {
  const text = behaviourText(firstBehaviour(plan));
  return text === '' ? undefined : text;
}

/** One line per state of the plan's own twin with its share of the objective; empty where it has no list of states. */
export const statesText = (plan: Pick<SearchPlan, 'behaviour' | 'states' | 'as' | 'with'>): string[] =>
  plan.states === undefined
    ? []
    : searchMembers(plan).states.map(
        ({ member, behaviour, share }) =>
          `${member ?? 'state 1'}: ${behaviourText(behaviour) || 'defaults'}, ${formatNumber(100 * share)} % of the objective`,
      );

/** Whether a search has measured its reference set itself, and when as `time` says it; null before that. */
export function referenceOriginText(
  reference: Provenance['reference'],
  time: (iso: string) => string = (iso) => iso,
): string | null {
  if (reference === undefined) return null;
  return `${time(reference.measuredAt)}, ${reference.from === 'search' ? 'by this search' : 'before it, on the same device'}`;
}

/** Where memory did not suffice, in words: 'after 640 stimuli: batches of 8'. */
export function smallerBatches({
  plan,
  segments = [],
}: {
  plan: Pick<Provenance['plan'], 'kind'>;
  segments?: Provenance['segments'];
}): string[] {
  const count = (n: number): string => (plan.kind === 'search' ? plural(n, 'step') : plural(n, 'stimulus', 'stimuli'));
  return segments.map(({ first, batchSize }) => {
    const from = first === 0 ? 'from the start' : `after ${count(first)}`;
    return `${from}: ${batchSize === 1 ? 'one stimulus at a time' : `batches of ${batchSize}`}`;
  });
}

/** 'mask by comparison, strided layers phases, blocked layout'. */
export function gradientFormsText(forms: Provenance['gradientForms']): string {
  if (forms === null) return 'the usual ones of the device';
  const strided = [...new Set(Object.values(forms.strided))];
  return [
    `mask by ${forms.mask}`,
    ...(strided.length === 0 ? [] : [`strided layers ${strided.join(' and ')}`]),
    forms.blockedLayout ? 'blocked layout' : 'usual layout',
  ].join(', ');
}
