/**
 * Random search, really run: the largest response of every chosen unit and the largest activity of every area over pink
 * noise images of the benchmark's constraints, after 1,000, 10,000 and 100,000 of them.
 *
 *     node bin/node24.cjs bench/search/randomSearch.ts [--evaluations 100000]
 *
 * writes bench/search/random.json. It can be ended and started again: what was reached lies beside it until it is done.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { evaluate } from '../../main/search/model.ts';
import { createConstraints } from '../../main/search/constraints/constraints.ts';
import { NoiseImages } from '../../main/search/spaces/noise.ts';
import { countOf } from '../options.ts';
import { fullField, openSubject } from './subject.ts';

export interface RandomSearch {
  twin: string;
  sha256: string;
  seed: number;
  constraints: typeof fullField;
  reference: string;
  /** Largest values after so many evaluations. */
  after: { evaluations: number; areas: Record<string, number>; units: Record<string, number> }[];
}

export const randomSearchFile = new URL('random.json', import.meta.url);
/** The twin of the benchmark. */
export const benchTwin = 'macaque-ventral-hierarchy';
const partFile = new URL('random.part.json', import.meta.url);
const seed = 1;
const batchSize = 8;
const keepEvery = 200;

type Part = { sha256: string; done: number; areas: number[]; units: number[]; after: RandomSearch['after'] };

async function run(evaluations: number): Promise<void> {
  const subject = await openSubject({ twin: benchTwin, batchSize, threads: 1 });
  const { model, scale, areas, session } = subject;
  const chosen = areas.flatMap((area) => subject.units.get(area) as number[]);
  const members = areas.map((area) => model.units.flatMap((unit, u) => (unit.area === area ? [u] : [])));
  const noise = new NoiseImages(createConstraints(fullField, model.field), 'pink', seed, 'random search');
  const milestones = [1000, 10_000, 100_000].filter((n) => n <= evaluations);
  const none: Part = {
    sha256: session.twin.sha256,
    done: 0,
    areas: areas.map(() => -Infinity),
    units: chosen.map(() => -Infinity),
    after: [],
  };
  const kept = existsSync(partFile) ? (JSON.parse(readFileSync(partFile, 'utf8')) as Part) : none;
  // Of another build of the twin nothing is taken over.
  const part = kept.sha256 === none.sha256 ? kept : none;
  for (let batch = 0; part.done < evaluations; batch++) {
    const images = Array.from({ length: batchSize }, (_, i) => noise.image(part.done + i));
    for (const row of await evaluate(model, images, 'random images were shown')) {
      for (const [k, own] of members.entries()) {
        let activity = 0;
        for (const u of own)
          activity += (scale.areaCoefficient[u] as number) * ((row[u] as number) - (scale.mean[u] as number));
        part.areas[k] = Math.max(part.areas[k] as number, activity);
      }
      for (const [k, u] of chosen.entries()) part.units[k] = Math.max(part.units[k] as number, row[u] as number);
    }
    part.done += batchSize;
    if (milestones.includes(part.done)) {
      part.after.push({
        evaluations: part.done,
        areas: Object.fromEntries(areas.map((area, k) => [area, part.areas[k] as number])),
        units: Object.fromEntries(
          chosen.map((u, k) => [
            `${model.units[u]?.area} ${model.units[u]?.unit}`,
            ((part.units[k] as number) - (scale.mean[u] as number)) / (scale.sd[u] as number),
          ]),
        ),
      });
    }
    if (batch % keepEvery === 0 || part.done >= evaluations) {
      writeFileSync(partFile, JSON.stringify(part));
      process.stderr.write(`${part.done} of ${evaluations}\n`);
    }
  }
  const result: RandomSearch = {
    twin: `${benchTwin}@${session.twin.manifest.version}`,
    sha256: session.twin.sha256,
    seed,
    constraints: fullField,
    reference: 'TSR-1, half A',
    after: part.after,
  };
  const written = new URL('random.json.part', import.meta.url);
  writeFileSync(written, `${JSON.stringify(result, null, 2)}\n`);
  renameSync(written, randomSearchFile);
  rmSync(partFile);
  await subject.close();
}

if (process.argv[1]?.endsWith('randomSearch.ts') === true) {
  const { values } = parseArgs({ options: { evaluations: { type: 'string', default: '100000' } } });
  await run(countOf('evaluations', values.evaluations));
}
