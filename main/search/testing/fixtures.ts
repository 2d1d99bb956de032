/** Small searches for tests. */
import { type SearchPlan, searchPlan } from '../../contract/plans.ts';
import { hashJson, sha256Hex } from '../../platform/hash.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { renderSpec } from '../../stimuli/render.ts';
import type { ResponseModel, SearchField, StimulusSource } from '../model.ts';
import { createSearch, type Search, type SearchOptions } from '../search.ts';
import type { GaborUnit } from './gaborModel.ts';

export const smallField: SearchField = { sizePx: 32, fieldOfViewDeg: 3, background: 0.5 };

export function unit(type: GaborUnit['type'], changes: Partial<GaborUnit> = {}): GaborUnit {
  const spatialFrequencyCpd = changes.spatialFrequencyCpd ?? 2;
  return {
    type,
    orientationDeg: 30,
    spatialFrequencyCpd,
    phaseDeg: 40,
    sigmaDeg: 0.5 / spatialFrequencyCpd,
    xDeg: 0.1,
    yDeg: -0.1,
    ...changes,
  };
}

export function sourceOf(specs: readonly StimulusSpec[], field: SearchField): StimulusSource {
  return {
    count: specs.length,
    render: async (index) => renderSpec(specs[index] as StimulusSpec, field),
    spec: (index) => specs[index] as StimulusSpec,
  };
}

/** Full-field gratings, with a blank at the end. */
export function gratingReference(field: SearchField): StimulusSource {
  const specs: StimulusSpec[] = [];
  for (let orientation = 0; orientation < 6; orientation++) {
    for (const spatialFrequencyCpd of [1, 2, 4]) {
      for (const phaseDeg of [0, 90, 180, 270]) {
        specs.push({
          type: 'grating',
          orientationDeg: 30 * orientation,
          spatialFrequencyCpd,
          phaseDeg,
          contrast: 1,
          diameterDeg: 2.5,
          edgeDeg: 0.25,
          xDeg: 0,
          yDeg: 0,
        });
      }
    }
  }
  specs.push({ type: 'blank' });
  return sourceOf(specs, field);
}

/** Gabors of varied place and frequency: something to screen, and a set of images to be beaten. */
export function gaborSet(field: SearchField): StimulusSource {
  const specs: StimulusSpec[] = [{ type: 'blank' }];
  for (let i = 0; i < 40; i++) {
    specs.push({
      type: 'gabor',
      orientationDeg: (37 * i) % 180,
      spatialFrequencyCpd: 1 + (i % 4),
      phaseDeg: (83 * i) % 360,
      contrast: 0.5 + 0.5 * ((i * 0.37) % 1),
      sigmaDeg: 0.2 + 0.02 * (i % 10),
      aspectRatio: 1,
      xDeg: ((i * 0.31) % 1) - 0.5,
      yDeg: ((i * 0.17) % 1) - 0.5,
    });
  }
  return sourceOf(specs, field);
}

export function planOf(changes: Record<string, unknown>): SearchPlan {
  return searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: 'test',
    target: [{ area: 'V1-simple', units: ['u0'] }],
    space: { type: 'pixels' },
    optimiser: { type: 'gradient' },
    // The rest only where a test is about it.
    checkCandidate: false,
    ...changes,
    controls: {
      random: 60,
      phaseScrambled: 0,
      sameSpace: 0,
      bestOfReference: false,
      ...(changes['controls'] as object | undefined),
    },
  });
}

export function searchOn(model: ResponseModel, plan: SearchPlan, changes: Partial<SearchOptions> = {}): Search {
  return createSearch({
    plan,
    model,
    reference: gratingReference(model.field),
    sources: { bestOf: gaborSet(model.field), screening: gaborSet(model.field) },
    renderSpec: (spec) => renderSpec(spec, model.field),
    ...changes,
  });
}

export async function finish(search: Search): Promise<Search> {
  while (!search.done) await search.advance();
  return search;
}

/** Hash of everything that a search hands out. */
export const outcomeOf = (search: Search): string =>
  hashJson(
    JSON.parse(
      JSON.stringify(search.result(), (_, value: unknown) =>
        ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value,
      ),
    ),
  );

/**
 * Stops after every step, takes the search up again in a new object, and names every place where checkpoint or outcome
 * differ from those of the search that ran through. One that is asked for what a window shows between its steps comes to the same.
 */
export async function differencesAfterResuming(make: () => Search): Promise<string[]> {
  const different: string[] = [];
  const compare = (a: Uint8Array, b: Uint8Array | undefined, where: string): void => {
    if (b === undefined || sha256Hex(a) !== sha256Hex(b)) different.push(where);
  };
  const whole = make();
  const checkpoints = [whole.checkpoint()];
  while (!whole.done) {
    await whole.advance();
    checkpoints.push(whole.checkpoint());
  }
  if (checkpoints.length !== whole.total + 1) different.push(`${checkpoints.length} checkpoints`);
  const looking = make();
  for (let at = 0; at <= whole.total; at++) {
    compare(looking.checkpoint(), checkpoints[at], `watched at ${at}`);
    looking.live();
    looking.result();
    await looking.advance();
  }
  if (outcomeOf(looking) !== outcomeOf(whole)) different.push('watched outcome');
  for (let at = 0; at < whole.total; at++) {
    const resumed = make();
    await resumed.restore(checkpoints[at] as Uint8Array);
    resumed.live();
    compare(resumed.checkpoint(), checkpoints[at], `restored at ${at}`);
    await resumed.advance();
    compare(resumed.checkpoint(), checkpoints[at + 1], `step ${at}`);
    if (at % 5 === 0 && outcomeOf(await finish(resumed)) !== outcomeOf(whole)) different.push(`outcome from ${at}`);
  }
  return different;
}
