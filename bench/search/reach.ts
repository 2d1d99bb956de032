/** How soon a gradient search passes the best of a random search, in forward passes. */
import { existsSync, readFileSync } from 'node:fs';
import { medianOf } from '../../main/platform/median.ts';
import { type RandomSearch, randomSearchFile } from './randomSearch.ts';
import type { Subject } from './subject.ts';

export interface Reach {
  area: string;
  randomEvaluations: number;
  /** Forward passes until the search had passed the random maximum; null: not within the limit. */
  areaForwards: number | null;
  unitForwards: { unit: string; forwards: number | null }[];
  median: number | null;
  worst: number | null;
}

/** The most that a search may take. */
export const mostForwards = 1000;

/** Null where no random search is stored for this twin. */
export function storedRandomSearch(sha256: string): RandomSearch | null {
  if (!existsSync(randomSearchFile)) return null;
  const stored = JSON.parse(readFileSync(randomSearchFile, 'utf8')) as RandomSearch;
  return stored.sha256 === sha256 ? stored : null;
}

/** `gradientOverForward`: what one image's gradient counts, as measured in this run. */
export async function measureReach(
  subject: Subject,
  random: RandomSearch,
  area: string,
  options: { starts: number; gradientOverForward: number },
): Promise<Reach> {
  const { evaluations, areas, units } = random.after.at(-1) as RandomSearch['after'][number];
  const forwards = (target: unknown, bar: number): Promise<number | null> => passed(subject, target, bar, options);
  const areaForwards = await forwards([{ area }], areas[area] as number);
  const unitForwards: Reach['unitForwards'] = [];
  for (const u of subject.units.get(area) as number[]) {
    const { unit } = subject.model.units[u] as { unit: string };
    const bar = units[`${area} ${unit}`] as number;
    unitForwards.push({ unit, forwards: await forwards([{ area, units: [unit] }], bar) });
  }
  const counts = unitForwards.map((entry) => entry.forwards ?? Infinity);
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    area,
    randomEvaluations: evaluations,
    areaForwards,
    unitForwards,
    median: finite(medianOf(counts)),
    worst: finite(Math.max(...counts)),
  };
}

async function passed(
  subject: Subject,
  target: unknown,
  bar: number,
  { starts, gradientOverForward }: { starts: number; gradientOverForward: number },
): Promise<number | null> {
  const perStep = starts * gradientOverForward;
  const steps = Math.floor(mostForwards / perStep);
  const search = subject.search({ target, optimiser: { type: 'gradient', steps }, starts });
  while (!search.done) {
    const { point } = await search.advance();
    if (point !== null && point.best > bar) return point.step * perStep;
  }
  return null;
}
