/**
 * Every message between the workbench and the backend, in one table. Handlers and the client are mapped types over it,
 * so a missing handler does not compile.
 */
import { z } from 'zod';
import type { CancelSignal } from '../platform/cancel.ts';
import { modelAnswers, modelInspection, modelPlace, modelPreview, samplePicture } from './bareModels.ts';
import { deviceChoice, deviceId, deviceReport } from './devices.ts';
import { jobSnapshot, searchLive } from './jobs.ts';
import { display, plan, protocolPlan } from './plans.ts';
import {
  expandedProtocol,
  exportRecord,
  protocolSummary,
  referenceState,
  runDetails,
  runSummary,
  searchReport,
  searchSummary,
  setDetails,
  setSummary,
  stimulusInspection,
  stimulusItem,
} from './results.ts';
import { stimulusDesign } from './stimuli.ts';
import { checkedTwin, packedTwin, twinDetails, twinGraph, twinSummary, writtenTwin } from './twins.ts';

const nothing = z.strictObject({});
const byId = z.strictObject({ id: z.string() });
const done = z.object({});
/** A search as far as its reference set depends on it. */
const referenceRequest = z.strictObject({
  /** Of the twin. */
  id: z.string(),
  /** A set of the open project, by name or id; left out: the built-in one that suits the twin. */
  set: z.string().min(1).optional(),
  device: deviceChoice.default('auto'),
  batchSize: z.int().positive().optional(),
  threads: z.int().positive().optional(),
  behaviour: z.record(z.string(), z.number()).optional(),
  /** What the search will mostly ask for; the fastest device may differ. */
  by: z.enum(['responses', 'gradients']).default('gradients'),
});

export const projectInfo = z.object({
  path: z.string(),
  name: z.string(),
  sizeBytes: z.int(),
  /** Null when writable; otherwise the sentence why not. */
  readOnly: z.string().nullable(),
  /** A sentence about something noticed at opening, e.g. recovered after a crash. */
  notice: z.string().nullable(),
  counts: z.object({
    sets: z.int(),
    runs: z.int(),
    searches: z.int(),
    protocols: z.int(),
    images: z.int(),
  }),
});
export type ProjectInfo = z.infer<typeof projectInfo>;

export const methods = {
  'app.info': {
    input: nothing,
    output: z.object({
      version: z.string(),
      host: z.enum(['browser', 'desktop', 'cli']),
      versions: z.record(z.string(), z.string()),
      projectsFolder: z.string(),
      /** Null while nothing was logged. */
      logFile: z.string().nullable(),
    }),
  },
  /** Devices of this machine for a twin, the first of the library when left out. */
  'devices.list': {
    input: z.strictObject({
      twin: z.string().optional(),
      /** 'known' starts nothing heavy; 'missing' measures what was not measured yet, 'again' everything. */
      measure: z.enum(['known', 'missing', 'again']).default('known'),
    }),
    output: deviceReport,
  },

  'project.current': { input: nothing, output: projectInfo.nullable() },
  'project.list': {
    input: nothing,
    output: z.array(z.object({ path: z.string(), name: z.string(), modifiedAt: z.string(), sizeBytes: z.int() })),
  },
  'project.create': { input: z.strictObject({ name: z.string().min(1).max(120) }), output: projectInfo },
  'project.open': { input: z.strictObject({ path: z.string().min(1) }), output: projectInfo },

  'library.list': { input: nothing, output: z.array(twinSummary) },
  /** A sentence per thing in the library's folder that is no usable twin and that the list passes over. */
  'library.problems': { input: nothing, output: z.array(z.string()) },
  'library.get': { input: byId, output: twinDetails },
  'library.graph': { input: byId, output: twinGraph },
  /** On the CPU when no device is named; a device that is not available is refused. */
  'library.verify': { input: z.strictObject({ id: z.string(), device: deviceId.optional() }), output: checkedTwin },
  /** Starts nothing heavy. */
  'references.get': { input: referenceRequest, output: referenceState },
  /** Measures the set unless that was done in the same way before; searches then take it from this machine's cache. */
  'references.measure': { input: referenceRequest, output: referenceState },
  /** A package: its path on the backend's machine, or files that were handed over. */
  'library.import': { input: modelPlace, output: checkedTwin },
  /** What a bare ONNX file says, and what it leaves open; `sizePx` where it takes pictures of any size. */
  'library.inspectModel': {
    input: z.strictObject({ model: modelPlace, sizePx: z.int().positive().max(4096).nullable().default(null) }),
    output: modelInspection,
  },
  /** A picture as the model would see it with these answers, and what it answers. */
  'library.previewModel': {
    input: z.strictObject({ model: modelPlace, answers: modelAnswers, picture: samplePicture }),
    output: modelPreview,
  },
  /** Makes a package of the model and the answers, golden checks included, and imports it, whole or not at all. */
  'library.importModel': {
    input: z.strictObject({ model: modelPlace, answers: modelAnswers }),
    output: checkedTwin.extend({ notices: z.array(z.string()) }),
  },
  /** Ends an import that was not made: what was handed over or written for it is removed. */
  'library.discardModel': { input: z.strictObject({ model: modelPlace }), output: done },
  /** Twins of the user's own only; results that a twin gave stay in their projects. */
  'library.remove': { input: byId, output: z.object({ id: z.string(), version: z.string(), title: z.string() }) },
  /** `out`, on the backend's machine: an archive where it ends in .twin or .zip, a folder otherwise; never over anything. */
  'library.export': { input: z.strictObject({ id: z.string(), out: z.string().min(1) }), output: writtenTwin },
  /** Packs an author's folder; without `out`, `<id>-<version>.twin` beside it. */
  'library.pack': {
    input: z.strictObject({ folder: z.string().min(1), out: z.string().min(1).optional() }),
    output: packedTwin,
  },

  'sets.list': { input: nothing, output: z.array(setSummary) },
  'sets.get': { input: byId, output: setDetails },
  'sets.create': {
    input: z.strictObject({ name: z.string().min(1).max(200), design: stimulusDesign }),
    output: setSummary,
  },
  'sets.rename': { input: z.strictObject({ id: z.string(), name: z.string().min(1).max(200) }), output: setSummary },
  /** Sets are put away, not erased: results that used them stay whole, and `sets.restore` undoes it. */
  'sets.remove': { input: byId, output: done },
  'sets.restore': { input: byId, output: setSummary },
  'sets.items': {
    input: z.strictObject({ id: z.string(), offset: z.int().min(0), limit: z.int().min(1).max(500) }),
    output: z.array(stimulusItem),
  },
  'sets.inspect': { input: z.strictObject({ id: z.string(), index: z.int().min(0) }), output: stimulusInspection },
  /** Counts and warns without storing anything; used while a design is edited. */
  'sets.preview': {
    input: z.strictObject({ design: stimulusDesign }),
    output: z.object({
      description: z.string(),
      count: z.int(),
      warnings: z.array(z.string()),
      samples: z.array(stimulusItem.pick({ label: true, spec: true, thumbnail: true, clip: true })),
    }),
  },
  /** Imports a folder of photographs as a job; `upload` names a batch sent to handleResource beforehand. */
  'images.import': {
    input: z.union([
      z.strictObject({ folder: z.string().min(1), name: z.string().min(1).optional() }),
      z.strictObject({ upload: z.string().min(1), name: z.string().min(1).optional() }),
    ]),
    output: jobSnapshot,
  },

  'jobs.list': { input: nothing, output: z.array(jobSnapshot) },
  'jobs.start': { input: z.strictObject({ plan }), output: jobSnapshot },
  'jobs.pause': { input: byId, output: jobSnapshot },
  'jobs.resume': { input: byId, output: jobSnapshot },
  'jobs.cancel': { input: byId, output: jobSnapshot },

  'runs.list': { input: nothing, output: z.array(runSummary) },
  'runs.get': { input: byId, output: runDetails },

  'searches.list': { input: nothing, output: z.array(searchSummary) },
  /** The last live message of every search that has not ended, for a window that joins late. */
  'searches.live': { input: nothing, output: z.array(searchLive) },
  'searches.get': { input: byId, output: searchReport },

  'protocols.list': { input: nothing, output: z.array(protocolSummary) },
  'protocols.get': { input: byId, output: expandedProtocol },
  'protocols.save': {
    input: z.strictObject({ id: z.string().optional(), name: z.string().min(1).max(200), plan: protocolPlan }),
    output: expandedProtocol,
  },
  'protocols.remove': { input: byId, output: done },
  'protocols.restore': { input: byId, output: protocolSummary },
  /** Expands a plan without storing it; used while it is edited. */
  'protocols.preview': { input: z.strictObject({ plan: protocolPlan }), output: expandedProtocol },
  'protocols.defaultDisplay': { input: nothing, output: display },
  'protocols.export': {
    input: z.strictObject({
      id: z.string(),
      format: z.enum(['bundle', 'psychopy']),
      /** A folder on this machine; left out: beside the project. */
      out: z.string().min(1).optional(),
    }),
    output: jobSnapshot,
  },
  'protocols.exports': { input: byId, output: z.array(exportRecord) },
} as const;

export type MethodName = keyof typeof methods;
export type MethodInput<M extends MethodName> = z.input<(typeof methods)[M]['input']>;
export type MethodArgs<M extends MethodName> = z.output<(typeof methods)[M]['input']>;
export type MethodOutput<M extends MethodName> = z.output<(typeof methods)[M]['output']>;

/** What the backend sends unasked. */
export const events = {
  'job.changed': jobSnapshot,
  'search.live': searchLive,
  /** How far the gradient check of an import or a verification is; the twin by id. */
  'library.checking': z.object({ id: z.string(), done: z.int(), total: z.int() }),
  /** How many stimuli of a reference set that is measured ahead have been shown; the twin by id. */
  'references.measuring': z.object({ id: z.string(), done: z.int(), total: z.int() }),
  /** Names the lists that changed, so that the workbench asks again: 'sets', 'runs', 'searches', 'protocols', 'project', 'library', 'devices', 'references'. */
  'data.changed': z.object({ lists: z.array(z.string()) }),
} as const;
export type EventName = keyof typeof events;
export type EventData<E extends EventName> = z.output<(typeof events)[E]>;

/** One implementation per method; `signal` is aborted when the caller cancels or goes away. */
export type Handlers = {
  [M in MethodName]: (input: MethodArgs<M>, context: { signal: CancelSignal }) => Promise<MethodOutput<M>>;
};
/** The same table from the caller's side. */
export type Client = {
  call<M extends MethodName>(method: M, input: MethodInput<M>, signal?: CancelSignal): Promise<MethodOutput<M>>;
  on<E extends EventName>(event: E, listener: (data: EventData<E>) => void): () => void;
};
