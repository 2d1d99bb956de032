/** Jobs as the UI sees them. */
import { z } from 'zod';
import { errorCodes } from '../platform/errors.ts';
import { residuals } from './results.ts';

export const jobState = z.enum([
  'queued',
  'running',
  'pausing',
  'paused',
  'cancelling',
  'cancelled',
  'interrupted',
  'failed',
  'finished',
]);
export type JobState = z.infer<typeof jobState>;

export const jobKind = z.enum(['run', 'search', 'import-images', 'export']);
export type JobKind = z.infer<typeof jobKind>;

export const jobProgress = z.object({
  done: z.number(),
  total: z.number(),
  /** What is being counted, plural: 'stimuli', 'steps', 'images'. */
  noun: z.string(),
  /** What the job is doing now, e.g. 'measuring random controls'. */
  phase: z.string(),
  ratePerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
export type JobProgress = z.infer<typeof jobProgress>;

export const jobSnapshot = z.object({
  id: z.string(),
  kind: jobKind,
  title: z.string(),
  state: jobState,
  progress: jobProgress,
  error: z.object({ code: z.enum(errorCodes), message: z.string() }).nullable(),
  /** Sentences about things that went another way than asked, e.g. two images could not be read. */
  notices: z.array(z.string()),
  /** What the job made: a run, a search, a stimulus set, an export. */
  resultId: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});
export type JobSnapshot = z.infer<typeof jobSnapshot>;

/** What a running search shows; sent at most a few times a second. */
export const searchLive = z.object({
  jobId: z.string(),
  step: z.int(),
  steps: z.int(),
  /** Best objective value so far, per start. */
  best: z.array(z.number()),
  /** Points of the trajectory since the last message: step and best value over starts. */
  trajectory: z.array(z.object({ step: z.int(), best: z.number(), median: z.number() })),
  /** Pictures of the current best candidate of each start (PNG data URLs, encoded for the screen); empty when unchanged. */
  tiles: z.array(z.string()),
  /** Mean activity of every area for the best candidate, z units. */
  areas: z.array(z.object({ area: z.string(), z: z.number() })),
  residuals: residuals.nullable(),
});
export type SearchLive = z.infer<typeof searchLive>;
