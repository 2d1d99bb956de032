/**
 * What a search may claim, each claim with the control that it beats and by how much. Written once for the workbench, the
 * command line and the printed report.
 */
import type { Candidate, Control } from '../contract/results.ts';
import { formatCount, formatNumber } from '../platform/words.ts';
import { pictureNoun } from './controlWords.ts';

export interface Claim {
  readonly beaten: boolean;
  readonly text: string;
}

/** One sentence per control about the candidate. z: standard deviations over the reference set. */
export function claimsOf(candidate: Candidate, controls: readonly Control[]): Claim[] {
  return controls.map((control) => {
    const drive = `${formatNumber(candidate.objective)} z`;
    const best = `${formatNumber(control.best)} z`;
    const beaten = candidate.objective > control.best;
    const name =
      control.n > 1 && !/\d/.test(control.label) ? `${control.label} (n = ${formatCount(control.n)})` : control.label;
    if (!beaten) {
      const reach = control.values.filter((value) => value >= candidate.objective).length;
      const share =
        control.values.length > 1 ? `; ${formatCount(reach)} of ${formatCount(control.values.length)} reach it` : '';
      return { beaten, text: `Does not beat ${name}: ${drive} against ${best}${share}.` };
    }
    // 0 of n reached: the exceedance is below 3/n with 95 % confidence (the rule of three).
    const bound =
      control.kind === 'random' && control.values.length >= 100
        ? `; none of ${formatCount(control.values.length)} reaches it, so fewer than ${formatNumber(300 / control.values.length, 2)} % of such ${pictureNoun(control)}s would (95 % confidence)`
        : '';
    return { beaten, text: `Beats ${name}: ${drive} against ${best}${bound}.` };
  });
}
