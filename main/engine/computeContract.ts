/**
 * What the backend asks of the compute process, and what compute asks back. Specs, responses, thumbnails and
 * checkpoints cross this border; a float image never does, except the few that a finished search keeps.
 */
import type { DeviceId, DeviceMeasurement, GradientForms } from '../contract/devices.ts';
import type { SearchLive } from '../contract/jobs.ts';
import type { ResponseWindow, SearchPlan } from '../contract/plans.ts';
import type { Residuals } from '../contract/results.ts';
import type { ControlKind, HeldOutResult, SearchEvidence } from '../contract/searchEvidence.ts';
import type { RasterSpec, StimulusDesign, StimulusSpec } from '../contract/stimuli.ts';
import type { TwinManifest, UnitPlace } from '../contract/twins.ts';
import type { GradientCheck } from '../autodiff/index.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import type { Port } from '../rpc/connection.ts';
import type { GraphChange, ModelPicture } from '../contract/bareModels.ts';
import type { GraphDescription } from './describeGraph.ts';
import type { ModelFacts } from './inspectModel.ts';

export type ComputeTwin = {
  id: string;
  version: string;
  sha256: string;
  modelFile: string;
  manifest: TwinManifest;
  device: DeviceId;
  batchSize: number;
  threads: number;
  /** Null: the usual forms of the device. */
  gradientForms: GradientForms | null;
  /** Behaviour channels that do not have their default, for the whole job; none when left out. */
  behaviour?: Record<string, number> | undefined;
  /** Instead of the time bins that the manifest names. */
  window?: ResponseWindow | undefined;
  /** Where optimised graphs are kept; null: nowhere. */
  graphCacheFolder: string | null;
  /** Unit ids of every area, in output order. */
  units: Record<string, string[]>;
  /** Where they look and how well they are predicted, in the same order. */
  places: Record<string, UnitPlace[]>;
};

/** Float32 rows of one area: count × units. */
export type AreaResponses = { area: string; data: Float32Array };

/** Stimuli × units without blanks, and units. */
export type ReferenceResponses = { rows: Float32Array; blank: Float32Array };

export type SearchStart = {
  /** Names the search inside compute; a search is begun again under the same name after a restart. */
  key: string;
  plan: SearchPlan;
  twin: ComputeTwin;
  /** Stimuli per step, fixed at the start; the twin may have been given smaller batches since. */
  batchSize: number;
  reference: StimulusDesign;
  /** What the plan calls its other twins, in its order. */
  others?: { label: string; twin: ComputeTwin }[];
  /**
   * What the twin answered to the reference set before, in the same batches; null: it is measured. Of several twins or
   * states what each answered when it drew the set itself, side by side as in the search.
   */
  knownReference: ReferenceResponses | null;
  /** The plan's other stimuli by role: 'screening', 'bestOf', 'halfB', 'start', 'goal 0' … */
  sets: Record<string, StimulusDesign>;
  /** The plan's held-out twins in its order, each with what it is to the searched one, or why it is not to be had. */
  heldOut: ({ tier: HeldOutResult['tier'] } & (
    { twin: ComputeTwin; failure: null } | { twin: HeldOutResult['twin']; failure: string }
  ))[];
  checkpoint: Uint8Array | null;
};

export type SearchProgress = {
  done: boolean;
  /** Work units finished and planned, over all phases. */
  position: number;
  total: number;
  phase: string;
  noun: string;
  /** While the reference set is measured: its stimuli shown, and all of them. */
  referenceShown: { done: number; total: number } | null;
  /** What the twin answered to the reference set, once, where this process has measured the last of it. */
  reference: ReferenceResponses | null;
  checkpoint: Uint8Array;
  step: number;
  steps: number;
  best: number[];
  trajectory: { step: number; best: number; median: number }[];
  areas: { area: string; z: number }[];
  units: SearchLive['units'];
  residuals: SearchLive['residuals'];
  /** Of the best candidate; null when it was not measured anew. */
  spectrum: SearchLive['spectrum'];
  /** Measured so far. */
  controls: SearchLive['controls'];
  /** 8-bit grey PNG pictures of the best candidate of every start, or none when nothing changed. */
  tiles: Uint8Array[];
};

export type FoundStimulus = {
  /** Float32 NPY of the raster, of a clip frames × size × size, or null where the stimulus is described by `spec`. */
  array: Uint8Array | null;
  /** What makes the array a clip; null for a still picture. */
  clip: RasterSpec['clip'] | null;
  spec: StimulusSpec | null;
};

export type SearchOutcomeMessage = {
  candidates: {
    /** From 1, best first. */
    rank: number;
    start: number;
    objective: number;
    stimulus: FoundStimulus;
    areas: { area: string; z: number }[];
    units: { area: string; unit: string; response: number; z: number; blank: number }[];
    residuals: Residuals | null;
    residuals8Bit: Residuals | null;
  }[];
  controls: {
    kind: ControlKind;
    label: string;
    values: number[];
    best: number;
    stimulus: FoundStimulus;
    sourceSpec: StimulusSpec | null;
  }[];
  trajectory: { step: number; best: number; median: number }[];
  evaluations: number;
  /** How many of them were controls. */
  controlEvaluations: number;
  /** Stimuli of the reference set that responses are z-scored over: blanks are left out. */
  referenceStimuli: number;
  /** Float64 NPY, 5 × units: mean, sd, response to the blank, coefficient in the area's activity, largest response. */
  referenceStatistics: Uint8Array | null;
  evidence: SearchEvidence | null;
  notices: string[];
};

/** A bare model and array files, by absolute paths; null stands for the only input or output there is. */
export type ModelGradientRequest = {
  modelFile: string;
  inputs: { name: string | null; file: string }[];
  wrt: string | null;
  output: string | null;
  device: DeviceId;
  threads: number;
};

export type ModelGradient = {
  wrt: { name: string; dtype: string; shape: number[] };
  output: { name: string; dtype: string; shape: number[] };
  /** Which axis was taken as the batch, in words. */
  batch: string;
  /** The mean of the output over its non-batch axes, per sample. */
  values: number[];
  /** ‖gradient‖ of every sample; one number where the input has no batch axis. */
  norms: number[];
  /** Of the shape of the input; float64 only where the model is. */
  gradient: Float32Array | Float64Array;
  check: GradientCheck;
  device: string;
  seconds: { derive: number; run: number; check: number };
  /** Resident memory up to the first gradient, above what the process held before; activations: what its run added. */
  memory: { weightBytes: number; peakBytes: number; activationBytes: number };
};

/** One intermediate value, row-major. */
export type TapArray = {
  name: string;
  dtype: string;
  shape: number[];
  data: Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;
  /** The axis of the pictures; null where the value is the same for any number of them. */
  axis: number | null;
};

/** Requests from backend to compute. */
export type ComputeMethods = {
  'twin.describe': {
    input: { twin: ComputeTwin };
    output: { versions: Record<string, string>; areas: { area: string; units: number }[]; sizePx: number };
  };
  /** Responses in the order of the stimuli; a request made while another is under way is prepared beside it. */
  'twin.responses': {
    input: { twin: ComputeTwin; stimuli: StimulusSpec[] };
    output: { areas: AreaResponses[] };
  };
  /**
   * Tensors in, tensors out: golden checks. `images` holds n stimuli as the graph takes them, `others` n values of each other
   * input, by tensor; those left out are fed as for any stimulus. An output with time bins comes with all of them.
   */
  'twin.forward': {
    input: { twin: ComputeTwin; images: Float32Array; n: number; others: Record<string, Float32Array> };
    output: { areas: AreaResponses[] };
  };
  /** Compares the derived gradient with finite differences; 'none' where none can be derived, with the reason. */
  'twin.checkGradient': {
    input: { twin: ComputeTwin };
    output: Omit<GradientCheck, 'verdict'> & { verdict: GradientCheck['verdict'] | 'none' };
  };
  /**
   * Intermediate values, many in one pass: of stimuli first … first + count − 1 of a design, or of the twin's input
   * tensor itself (`shape` begins with the number of pictures).
   */
  'twin.taps': {
    input: {
      twin: ComputeTwin;
      tensors: string[];
      from: { design: StimulusDesign; first: number; count: number } | { data: Float32Array; shape: number[] };
    };
    output: { arrays: TapArray[] };
  };
  /** Reads the graph of a model file; its weights are left alone. */
  'model.describe': { input: { modelFile: string }; output: GraphDescription };
  /** What a bare model says of itself; `sizePx` is the side of its pictures where the graph leaves it open. */
  'model.inspect': { input: { modelFile: string; sizePx: number | null }; output: ModelFacts };
  /** Writes the changed graph to `out`; weights that lie beside the model are referred to as before. */
  'model.change': {
    input: { modelFile: string; picture: ModelPicture; change: GraphChange; out: string };
    output: Record<string, never>;
  };
  'model.gradient': { input: ModelGradientRequest; output: ModelGradient };
  /** The responses a search with this twin and its batch size would measure first. */
  'reference.measure': {
    input: {
      twin: ComputeTwin;
      reference: StimulusDesign;
      /** Instead of the twin's, in the same session. */
      state?: { behaviour: Record<string, number> | undefined };
    };
    output: ReferenceResponses;
  };
  'search.begin': { input: SearchStart; output: { total: number } };
  /** Works until `budgetMs` is over or the search is finished, whole steps only. */
  'search.advance': { input: { key: string; budgetMs: number }; output: SearchProgress };
  'search.result': { input: { key: string }; output: SearchOutcomeMessage };
  'search.end': { input: { key: string }; output: Record<string, never> };
  /**
   * Creates a session of a tiny graph on the device and looks in its profile. A driver may crash or hang: ask a process
   * of its own.
   */
  'device.probe': { input: { device: DeviceId }; output: DeviceProbe };
  /** Speed, parity and placement of the twin on its device; `tuning` tries other threads and batch sizes too. */
  'device.measure': { input: { twin: ComputeTwin; tuning: Tuning | null }; output: DeviceMeasurement };
};

export type DeviceProbe = { available: true; nodes: number } | { available: false; reason: string };

/** What is tried, the settings of the twin first, and how long all of it may take. */
export type Tuning = { threads: readonly number[]; batchSizes: readonly number[]; budgetMs: number };

/** How far one request is; compute tells only whoever asks. */
export type ComputeProgress = { done: number; total: number };

/** What compute knows of a request beside its input. Work is stopped between batches or steps when it is withdrawn. */
export type ComputeContext = { signal: CancelSignal; progress: (at: ComputeProgress) => void };

export type ComputeHandler<M extends keyof ComputeMethods> = (
  input: ComputeMethods[M]['input'],
  context: ComputeContext,
) => Promise<ComputeMethods[M]['output']>;

/** Requests from compute to backend: content-addressed bytes it does not hold. */
export type ComputeCallbacks = {
  'blob.image': { input: { sha256: string }; output: { bytes: Uint8Array } };
  'blob.array': { input: { sha256: string }; output: { bytes: Uint8Array } };
};

/** What a host must provide to run compute: a process that can be spoken to and killed. */
export type ComputeProcess = {
  readonly pid: number;
  /** Structured-clone messages both ways. */
  readonly port: Port;
  kill(): void;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
};

/** `quiet`: what native libraries print is not shown, for processes whose failure is one of their answers. */
export type SpawnCompute = (options?: { quiet?: boolean }) => Promise<ComputeProcess>;
