/** Searches inside the compute process: the pure search over this process's sessions and rasters. */
import {
  type Constraints,
  constraintRole,
  constraintStimuli,
  goalRole,
  goalsOf,
  gradientSteps,
  searchMembers,
  startRole,
  usesGradient,
} from '../contract/plans.ts';
import type { StimulusDesign } from '../contract/stimuli.ts';
import type {
  ComputeHandler,
  ComputeTwin,
  FoundStimulus,
  SearchOutcomeMessage,
  SearchProgress,
  SearchStart,
} from '../engine/computeContract.ts';
import { mayRestart } from '../engine/failures.ts';
import { twinNodeAtFault } from '../engine/node/diagnose.ts';
import type { Rasteriser } from '../engine/node/rasteriser.ts';
import type { TwinSession } from '../engine/node/twinSession.ts';
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';
import { fileError } from '../platform/node/files.ts';
import { plural } from '../platform/words.ts';
import { combineModels } from '../search/combinedModel.ts';
import type { ConstraintImages } from '../search/constraints/constraints.ts';
import type { ResponseModel, StimulusSource } from '../search/model.ts';
import type { ReferenceScale } from '../search/reference/reference.ts';
import type { SearchOutcome } from '../search/report.ts';
import type { HeldOutTwin } from '../search/heldOut/heldOutPhase.ts';
import { onRaster } from '../search/heldOut/onRaster.ts';
import { createSearch, type Search } from '../search/search.ts';
import { designCount, specAt } from '../stimuli/design.ts';
import { encodeGreyPng } from '../stimuli/node/png.ts';
import { encodeNpy } from '../stimuli/npy.ts';
import { radialSpectrum } from '../stimuli/statistics.ts';
import { renderShown } from '../stimuli/clip.ts';
import { type Hold, holdsOf, type SessionCache } from './sessionCache.ts';

type Loaded = { session: TwinSession; rasteriser: Rasteriser };

export type SearchHost = {
  begin: ComputeHandler<'search.begin'>;
  advance: ComputeHandler<'search.advance'>;
  result: ComputeHandler<'search.result'>;
  end: ComputeHandler<'search.end'>;
};

/** At most this many pictures are sent per message, each this large: enough to watch, nothing to wait for. */
const liveTiles = 16;
const tilePx = 224;
/** Pictures change slowly; encoding them at every commit would cost more than the steps between. */
const tilesEveryMs = 500;
/** More targeted units than this are not watched one by one. */
const mostLiveUnits = 24;
/** A spectrum takes tens of milliseconds. */
const spectrumEveryMs = 2000;

type Running = {
  search: Search;
  /** Of the searched twin, held from the beginning of the search to its end. */
  loaded: Loaded;
  /** Lets go of all that is held. */
  letGo(): void;
  lastTilesAt: number;
  lastSpectrumAt: number;
  optimisationSteps: number;
  optimisationDone: number;
};

export function createSearchHost(sessions: SessionCache<ComputeTwin, Loaded>): SearchHost {
  const searches = new Map<string, Running>();

  function find(key: string): Running {
    const found = searches.get(key);
    if (found === undefined) {
      throw new TwinscopeError(
        'compute-failed',
        'The compute process no longer holds this search. What was finished is saved.',
        { restart: true },
      );
    }
    return found;
  }

  function forget(key: string): void {
    const running = searches.get(key);
    searches.delete(key);
    running?.letGo();
  }

  return {
    async begin(start, { signal }) {
      const { hold, letGo } = holdsOf(sessions);
      try {
        const { session: loaded } = await hold(start.twin);
        const others: Loaded[] = [];
        for (const { twin } of start.others ?? []) others.push((await hold(twin)).session);
        // Nobody would end a search whose beginning was withdrawn.
        signal.throwIfAborted();
        const heldOut = start.heldOut.map((twin) => heldOutTwin(hold, twin, start.reference));
        const search = await searchOf(start, loaded, others, heldOut);
        const { optimiser } = start.plan;
        forget(start.key);
        searches.set(start.key, {
          search,
          loaded,
          letGo,
          lastTilesAt: -Infinity,
          lastSpectrumAt: -Infinity,
          optimisationSteps: usesGradient(optimiser) ? gradientSteps(optimiser) : 0,
          optimisationDone: start.checkpoint === null ? 0 : (search.result().trajectory.at(-1)?.step ?? 0),
        });
        return { total: search.total };
      } catch (error) {
        letGo();
        throw error;
      }
    },

    async advance({ key, budgetMs }, { signal }): Promise<SearchProgress> {
      const running = find(key);
      const { search } = running;
      const { session } = running.loaded;
      const started = performance.now();
      const trajectory: SearchProgress['trajectory'] = [];
      let update = null;
      do {
        update = await search.advance();
        if (update.point !== null) trajectory.push(update.point);
        // What was done until it was withdrawn is told all the same, and kept.
      } while (!update.done && !signal.aborted && performance.now() - started < budgetMs);
      running.optimisationDone += trajectory.length;
      const live = search.live();
      const showTiles = update.done || performance.now() - running.lastTilesAt > tilesEveryMs;
      if (showTiles) running.lastTilesAt = performance.now();
      const tiles = showTiles
        ? await Promise.all(
            live.tiles.slice(0, liveTiles).map((tile) =>
              encodeGreyPng(middleFrame(tile, session.field.sizePx), session.field.sizePx, {
                srgb: true,
                outSizePx: tilePx,
              }),
            ),
          )
        : [];
      const showSpectrum = live.bestImage !== null && performance.now() - running.lastSpectrumAt > spectrumEveryMs;
      if (showSpectrum) running.lastSpectrumAt = performance.now();
      return {
        done: update.done,
        position: update.step,
        total: update.total,
        phase: update.phase,
        noun: 'steps',
        referenceShown: update.reference,
        reference: search.takeReference(),
        checkpoint: search.checkpoint(),
        step: trajectory.at(-1)?.step ?? running.optimisationDone,
        steps: running.optimisationSteps,
        best: live.best,
        trajectory,
        areas: live.areas,
        units: live.units.length > mostLiveUnits ? [] : live.units,
        residuals: live.residuals,
        spectrum: showSpectrum
          ? radialSpectrum(middleFrame(live.bestImage as Float32Array, session.field.sizePx), session.field)
          : null,
        controls: live.controls,
        tiles,
      };
    },

    async result({ key }): Promise<SearchOutcomeMessage> {
      const { search, loaded } = find(key);
      const outcome = search.result();
      const { sizePx, frameRateHz } = loaded.session.field;
      const found = (image: Float32Array, spec: FoundStimulus['spec']): FoundStimulus => {
        if (spec !== null) return { array: null, clip: null, spec };
        const frames = image.length / (sizePx * sizePx);
        if (frames === 1) return { array: encodeNpy(image, [sizePx, sizePx]), clip: null, spec: null };
        const clip = { frames, frameRateHz: frameRateHz as number };
        return { array: encodeNpy(image, [frames, sizePx, sizePx]), clip, spec: null };
      };
      return {
        candidates: outcome.candidates.map(
          ({ rank, start, value, image, spec, areas, units, residuals, residuals8Bit }) => ({
            rank,
            start,
            objective: value,
            stimulus: found(image, spec),
            areas,
            units,
            residuals,
            residuals8Bit,
          }),
        ),
        controls: outcome.controls.map(({ kind, label, values, best, image, spec, sourceSpec }) => ({
          kind,
          label,
          values: [...values],
          best,
          stimulus: found(image, spec),
          sourceSpec,
        })),
        trajectory: outcome.trajectory,
        evaluations: outcome.evaluations,
        controlEvaluations: outcome.controlEvaluations,
        referenceStimuli: outcome.reference?.stimuli ?? 0,
        referenceStatistics: outcome.reference === null ? null : statisticsArray(outcome.reference.scale),
        evidence: outcome.evidence,
        notices: [...outcome.notices, ...unmodulated(outcome)],
      };
    },

    async end({ key }) {
      forget(key);
      return {};
    },
  };
}

/** Of a clip; a still picture itself. */
function middleFrame(image: Float32Array, sizePx: number): Float32Array {
  const pixels = sizePx * sizePx;
  const frame = Math.floor(image.length / pixels / 2);
  return image.subarray(frame * pixels, (frame + 1) * pixels);
}

/** The stimuli of a design on the raster of a twin. */
export const sourceOf = (design: StimulusDesign, rasteriser: Rasteriser): StimulusSource => ({
  count: designCount(design),
  render: (index) => rasteriser.renderAt(design, index),
  spec: (index) => specAt(design, index),
});

/** The plan's own twin in each of its states, and the other twins, as one; alone where it is. */
function modelOf(
  { plan, twin, batchSize, others = [] }: SearchStart,
  session: TwinSession,
  loaded: readonly Loaded[],
): ResponseModel {
  const { states } = searchMembers(plan);
  const inBatches = (model: ResponseModel): ResponseModel => ({ ...model, batchSize, mostPerRun: model.batchSize });
  return combineModels([
    ...states.map(({ member, behaviour }) => ({
      member,
      title: twin.manifest.title,
      model: inBatches(responseModel(member === null ? session : session.under(behaviour), twin)),
    })),
    ...others.map((other, i) => ({
      member: other.label,
      title: titleOf(other, twin),
      model: inBatches(responseModel((loaded[i] as Loaded).session, other.twin)),
    })),
  ]);
}

/** Two packages, and one under two behaviours, may have one title. */
const titleOf = ({ label, twin }: { label: string; twin: ComputeTwin }, { manifest }: ComputeTwin): string =>
  twin.manifest.title === manifest.title ? `${twin.manifest.title} (${label})` : twin.manifest.title;

/** Loaded when its turn comes and held until it has a result, so that one at a time lies in memory. */
function heldOutTwin(
  hold: Hold<ComputeTwin, Loaded>,
  { twin, tier, failure }: SearchStart['heldOut'][number],
  reference: StimulusDesign,
): HeldOutTwin {
  const { id, version, sha256 } = twin;
  return {
    twin: { id, version, sha256 },
    tier,
    reference: { count: designCount(reference), spec: (index) => specAt(reference, index) },
    async open() {
      if (failure !== null) throw new TwinscopeError('unsupported', failure);
      const { session: loaded, letGo } = await hold(twin).catch((error: unknown) => {
        throw notToBeHad(error, twin);
      });
      const { session, rasteriser } = loaded;
      return {
        model: { ...responseModel(session, twin), gradient: null, nodeAtFault: undefined },
        render: (index) => rasteriser.renderAt(reference, index),
        show: async ({ image, spec }, shown) =>
          spec === null ? onRaster(image, shown, session.field) : rasteriser.render(spec),
        letGo,
      };
    },
  };
}

/** A twin that cannot be loaded is a finding about it, unless a fresh process may load it. */
function notToBeHad(error: unknown, { modelFile }: ComputeTwin): unknown {
  const known = fileError(error, modelFile);
  if (!isTwinscopeError(known) || mayRestart(known)) return known;
  return new TwinscopeError('unsupported', known.message, known.details);
}

async function searchOf(
  start: SearchStart,
  { session, rasteriser }: Loaded,
  others: readonly Loaded[],
  heldOut: readonly HeldOutTwin[],
): Promise<Search> {
  const { plan, reference, knownReference, sets, checkpoint } = start;
  const source = (design: StimulusDesign): StimulusSource => sourceOf(design, rasteriser);
  const search = createSearch({
    plan,
    model: modelOf(start, session, others),
    reference: source(reference),
    knownReference,
    sources: {
      ...(sets['screening'] ? { screening: source(sets['screening']) } : {}),
      ...(sets['bestOf'] ? { bestOf: source(sets['bestOf']) } : {}),
      ...(sets['halfB'] ? { halfB: source(sets['halfB']) } : {}),
      ...(sets[startRole] ? { start: source(sets[startRole]) } : {}),
      goals: goalsOf(plan).map((_, i) => source(sets[goalRole(i)] as StimulusDesign)),
      constraints: await constraintImages(plan.constraints, (role) => source(sets[role] as StimulusDesign)),
    },
    heldOut,
    resumes: checkpoint !== null,
    renderSpec: (spec) => renderShown(spec, session.field),
  });
  if (checkpoint !== null) await search.restore(checkpoint);
  return search;
}

/** Every stimulus that the constraints speak of, on the twin's raster. */
async function constraintImages(
  constraints: Constraints,
  sourceOfRole: (role: string) => StimulusSource,
): Promise<ConstraintImages> {
  const images: ConstraintImages = {};
  for (const { role, stimulus } of constraintStimuli(constraints)) {
    const source = sourceOfRole(constraintRole(role));
    if (stimulus.index >= source.count) {
      throw new TwinscopeError(
        'bad-input',
        `The ${role} of the constraints is stimulus ${stimulus.index} (from 0) of a set of ${source.count}. Nothing was started. ` +
          'Choose one that it has.',
        { constraint: role },
      );
    }
    images[role] = await source.render(stimulus.index);
  }
  return images;
}

/** Rows: mean, sd, response to the blank, coefficient in the area's activity, largest response; one column per unit of every twin and state. */
function statisticsArray({ mean, sd, blank, areaCoefficient, max }: ReferenceScale): Uint8Array {
  const rows = [mean, sd, blank, areaCoefficient, max];
  const values = new Float64Array(rows.length * mean.length);
  for (const [i, row] of rows.entries()) values.set(row, i * mean.length);
  return encodeNpy(values, [rows.length, mean.length]);
}

function unmodulated({ reference }: SearchOutcome): string[] {
  if (reference === null || reference.unmodulatedUnits === 0) return [];
  const n = reference.unmodulatedUnits;
  return [
    `${plural(n, 'unit is', 'units are')} not modulated by the reference set and ${n === 1 ? 'is' : 'are'} left out of every area's activity.`,
  ];
}

export function responseModel(
  session: TwinSession,
  twin: Pick<ComputeTwin, 'units' | 'manifest'> & Partial<Pick<ComputeTwin, 'places'>>,
): ResponseModel {
  return {
    batchSize: session.settings.batchSize,
    units: session.areas.flatMap(({ area }) =>
      (twin.units[area] ?? []).map((unit, i) => ({ area, unit, place: twin.places?.[area]?.[i] })),
    ),
    field: session.field,
    responses: session.responses,
    gradient: twin.manifest.capabilities.inputGradient === 'none' ? null : session.gradient,
    nodeAtFault: (image, cotangent) => twinNodeAtFault(session, image, cotangent),
  };
}
