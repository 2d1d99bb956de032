/**
 * CMA-ES with margin (Hamano, Saito, Nomura & Shirakawa, GECCO 2022, arXiv:2205.13482): where a coordinate stands for one
 * of a few values, its variance soon fits into one cell and the others are never tried again. After every generation the
 * mean and a stretch of that coordinate alone are changed so that each neighbouring cell keeps at least the chance
 * α/2, α = 1/(dimensions · population). Steps, and what is learned from them, are those before the stretch.
 */
import { upperQuantile, upperTail } from '../../platform/normal.ts';
import type { Gene } from '../spaces/box.ts';
import { type CmaState, varianceAlong } from './cma.ts';

/** The state with its margins kept; the same object where nothing has to be changed. */
export function withMargin(state: CmaState, genes: readonly Gene[]): CmaState {
  if (genes.every(({ levels }) => levels === null)) return state;
  const least = 1 / (2 * state.mean.length * state.population);
  const mean = [...state.mean];
  const stretch = [...(state.stretch ?? mean.map(() => 1))];
  for (const [i, { levels }] of genes.entries()) {
    if (levels === null) continue;
    const width = 1 / levels;
    const low = Math.floor((mean[i] as number) * levels) * width;
    const alone = Math.sqrt(varianceAlong(state, i));
    const sd = alone * (stretch[i] as number);
    const below = upperTail(Math.max(0, (mean[i] as number) - low) / sd);
    const above = upperTail(Math.max(0, low + width - (mean[i] as number)) / sd);
    if (below >= least && above >= least) continue;
    const inside = 1 - below - above;
    const raised = [Math.max(least, below), Math.max(least, above)] as const;
    // What was added to one side is taken from where there is more than the margin (the paper's equations 22 and 23).
    const total = raised[0] + raised[1] + inside;
    const share = (p: number): number => p + ((1 - total) / (total - 3 * least)) * (p - least);
    const [toLow, toHigh] = [upperQuantile(share(raised[0])), upperQuantile(share(raised[1]))];
    const needed = width / (toLow + toHigh);
    mean[i] = low + needed * toLow;
    stretch[i] = needed / alone;
  }
  return { ...state, mean, stretch };
}
