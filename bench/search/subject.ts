/** What the benchmark and the science of searches work on: a twin in this process, its reference scale, some of its units. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installFolder } from '../../main/app/backend.ts';
import { responseModel, sourceOf } from '../../main/app/computeSearch.ts';
import { computeTwin } from '../../main/app/services.ts';
import { constraints, searchPlan, type SearchPlan } from '../../main/contract/plans.ts';
import { stimulusDesign } from '../../main/contract/stimuli.ts';
import type { SearchStart } from '../../main/engine/computeContract.ts';
import type { TwinUnit } from '../../main/contract/twins.ts';
import { createRasteriser } from '../../main/engine/node/rasteriser.ts';
import { openTwinSession, type TwinSession } from '../../main/engine/node/twinSession.ts';
import { Random } from '../../main/platform/random.ts';
import type { ResponseModel, StimulusSource } from '../../main/search/model.ts';
import {
  measureReference,
  type ReferenceResponses,
  type ReferenceScale,
  scaleOf,
} from '../../main/search/reference/reference.ts';
import { createSearch, type Search, type SearchOptions } from '../../main/search/search.ts';
import { renderSpec } from '../../main/stimuli/render.ts';
import { openLibrary } from '../../main/twins/node/library.ts';

export const unitsPerArea = 16;

/** Full field: one constraint set for every unit and area, so that one set of random images serves them all. */
export const fullField = constraints.parse({ meanLuminance: 0.5, contrastRms: 0.2, range: [0, 1] });

export interface Subject {
  session: TwinSession;
  model: ResponseModel;
  reference: StimulusSource;
  known: ReferenceResponses;
  scale: ReferenceScale;
  areas: string[];
  /** The twin's table of units. */
  table: readonly TwinUnit[];
  /** Indices of the units that are searched for, modulated by the reference set. */
  units: Map<string, number[]>;
  /** `sources`: the sets that the plan names. */
  search(plan: Record<string, unknown>, sources?: SearchOptions['sources']): Search;
  /** The same as the backend would send it to compute. */
  start(plan: Record<string, unknown>): SearchStart;
  close(): Promise<void>;
}

/** `threads` of one operator. */
export async function openSubject(options: { twin: string; batchSize: number; threads: number }): Promise<Subject> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-search-subject-'));
  const library = await openLibrary({
    folder: path.join(folder, 'library'),
    builtInFolder: path.join(installFolder, 'dist', 'twins'),
  });
  const twin = await library.resolve({ id: options.twin });
  const settings = { device: 'cpu' as const, batchSize: options.batchSize, threads: options.threads };
  const session = await openTwinSession(twin, settings);
  const units: Record<string, string[]> = {};
  for (const { area, index, unit } of twin.units) (units[area] ??= [])[index] = unit;
  const model = responseModel(session, { units, manifest: twin.manifest });
  const rasteriser = createRasteriser(session.field, () => Promise.reject(new Error('no photographs here')));
  const referenceDesign = stimulusDesign.parse({
    type: (session.field.frames ?? 1) > 1 ? 'tsr1v' : 'tsr1',
    half: 'A',
    blank: false,
  });
  const reference = sourceOf(referenceDesign, rasteriser);
  const draw = (spec: Parameters<typeof renderSpec>[0]): Float32Array => renderSpec(spec, session.field);
  const known = await measureReference(model, { source: reference, renderSpec: draw });
  const { scale } = scaleOf(known, reference, model.units);
  const areas = [...new Set(model.units.map(({ area }) => area))];
  return {
    session,
    model,
    reference,
    known,
    scale,
    areas,
    table: twin.units,
    units: new Map(areas.map((area) => [area, chooseUnits(model, scale, area)])),
    search: (plan, sources = {}) =>
      createSearch({
        plan: planOf(twin.manifest.id, plan),
        model,
        reference,
        knownReference: known,
        sources,
        renderSpec: draw,
      }),
    start: (plan) => ({
      key: 'subject',
      plan: planOf(twin.manifest.id, plan),
      twin: computeTwin(twin, { ...settings, gradientForms: null }),
      batchSize: settings.batchSize,
      reference: referenceDesign,
      knownReference: known,
      sets: {},
      heldOut: [],
      checkpoint: null,
    }),
    close: async () => {
      await session.release();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function chooseUnits(model: ResponseModel, { sd }: ReferenceScale, area: string): number[] {
  const modulated = model.units.flatMap((unit, u) => (unit.area === area && (sd[u] as number) > 0 ? [u] : []));
  return Random.fromSeed(1, `search subject/${area}`)
    .shuffle(modulated)
    .slice(0, unitsPerArea)
    .toSorted((a, b) => a - b);
}

function planOf(twin: string, plan: Record<string, unknown>): SearchPlan {
  return searchPlan.parse({
    format: 1,
    kind: 'search',
    twin,
    space: { type: 'pixels', start: 'pink' },
    constraints: fullField,
    controls: { random: 0, phaseScrambled: 0, sameSpace: 0, bestOfReference: false },
    checkCandidate: false,
    ...plan,
  });
}
