/**
 * What a project holds, as the backend sees it. Documents (plans, designs, reports) are stored as JSON; times are ISO
 * 8601 in UTC; hashes are lower-case hexadecimal SHA-256.
 */
import type { JobKind, JobProgress, JobSnapshot, JobState } from '../contract/jobs.ts';
import type { ProtocolPlan, RunPlan, SearchPlan } from '../contract/plans.ts';
import type {
  ExpandedProtocol,
  ExportRecord,
  Provenance,
  RunSummary,
  SearchReport,
  SetSummary,
} from '../contract/results.ts';
import type { StimulusDesign } from '../contract/stimuli.ts';

export interface ImageRow {
  sha256: string;
  mediaType: string;
  widthPx: number;
  heightPx: number;
  /** The file's name when it was imported. */
  name: string;
}
/** `sha256` is the hash of `bytes`, the file as it was imported. */
export type NewImage = ImageRow & { bytes: Uint8Array };
export type StoredImage = ImageRow & { sizeBytes: number };

/** A content-addressed float32 NPY file: candidates, controls. */
export interface StoredArray {
  sha256: string;
  bytes: Uint8Array;
}

export interface NewSet {
  name: string;
  design: StimulusDesign;
  /** From describeDesign. */
  description: string;
  count: number;
  /** Hash over the ordered stimulus hashes. */
  stimuliSha256: string;
}
export type SetRow = SetSummary & { design: StimulusDesign; stimuliSha256: string; removedAt: string | null };

export interface RunArea {
  area: string;
  /** Unit ids, in the order of the area's columns. */
  units: string[];
  responseUnits: string;
}

export interface NewRun {
  jobId: string;
  name: string;
  plan: RunPlan;
  provenance: Provenance;
  design: StimulusDesign;
  setName: string;
  areas: RunArea[];
  /** How many stimuli the complete run has. */
  stimuli: number;
}
export type RunRow = NewRun &
  RunSummary & {
    /** Stimuli whose responses are stored: 0 … committed − 1. */
    committed: number;
  };

/** Responses to stimuli first … first + count − 1, with the checkpoint that produced them. */
export interface RunChunk {
  runId: string;
  jobId: string;
  first: number;
  count: number;
  /** Every area of the run; data is count × units, stimulus-major. NaN is kept as it is. */
  areas: { area: string; data: Float32Array }[];
  checkpoint: Uint8Array;
  progress: JobProgress;
}

export interface NewSearch {
  jobId: string;
  name: string;
  plan: SearchPlan;
  provenance: Provenance;
}
/** The part of a report that a search finds; the rest of it stands in the row. */
export type SearchFindings = Pick<
  SearchReport,
  | 'referenceName'
  | 'referenceStimuli'
  | 'referenceStatistics'
  | 'candidates'
  | 'controls'
  | 'evidence'
  | 'evaluations'
  | 'controlEvaluations'
  | 'responseUnits'
  | 'seconds'
>;
export type TrajectoryPoint = SearchReport['trajectory'][number];

export interface SearchListRow {
  id: string;
  jobId: string;
  name: string;
  plan: SearchPlan;
  state: 'partial' | 'complete';
  /** Objective of the best candidate and of the best control; null until the search is complete. */
  best: number | null;
  bestControl: number | null;
  /** Of the best candidate, as the report gives it. */
  thumbnail: string | null;
  createdAt: string;
}
export type SearchRow = SearchListRow & {
  provenance: Provenance;
  report: SearchFindings | null;
  trajectory: TrajectoryPoint[];
  contentSha256: string | null;
};

export interface SearchCheckpoint {
  searchId: string;
  jobId: string;
  checkpoint: Uint8Array;
  progress: JobProgress;
  /** Points since the last checkpoint; a point of a step that is already stored replaces it. */
  trajectory?: TrajectoryPoint[];
}

export interface FinishedSearch {
  searchId: string;
  report: SearchFindings;
  /** Rasters the report names; already stored ones are fine. */
  arrays: StoredArray[];
  trajectory?: TrajectoryPoint[];
  contentSha256: string;
}

export interface ProtocolRow {
  id: string;
  name: string;
  plan: ProtocolPlan;
  expanded: ExpandedProtocol | null;
  updatedAt: string;
  removedAt: string | null;
}
export interface SavedProtocol {
  /** Left out: a new protocol. */
  id?: string | undefined;
  name: string;
  plan: ProtocolPlan;
  expanded: ExpandedProtocol | null;
}

export type ExportRow = Omit<ExportRecord, 'download'>;
export type NewExport = Omit<ExportRow, 'id' | 'createdAt'>;

export interface NewJob {
  kind: JobKind;
  title: string;
  plan: unknown;
  progress: JobProgress;
}
export type JobRow = JobSnapshot & {
  plan: unknown;
  planSha256: string;
  /** Device, batch size, threads and versions of the first start; null before it. */
  frozen: Record<string, unknown> | null;
  /** True when a checkpoint is stored. */
  resumable: boolean;
};
export interface JobChange {
  state?: JobState;
  progress?: JobProgress;
  error?: JobSnapshot['error'];
  notices?: string[];
  resultId?: string | null;
  frozen?: Record<string, unknown> | null;
  startedAt?: string | null;
  endedAt?: string | null;
}

export interface CheckReport {
  ok: boolean;
  /** One sentence per fault; empty when the project is whole. */
  problems: string[];
  /** How much was looked at. */
  checked: { images: number; arrays: number; runs: number; sets: number; searches: number };
}

/** What an upgrade did; `backup` is the copy of the file as it was before. */
export interface Upgrade {
  from: number;
  to: number;
  backup: string;
}
