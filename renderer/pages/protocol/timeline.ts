/** Where trials lie on a timeline in frames, and what is shown at a frame. */
import type { ExpandedProtocol, Trial } from '../../../main/contract/results.ts';

type Timed = Pick<ExpandedProtocol, 'trials' | 'totalFrames'>;

/** The part of a protocol that a timeline shows. */
export interface View {
  readonly startFrame: number;
  readonly framesPerPx: number;
}

export const trialEnd = (trial: Trial): number => trial.onsetFrame + trial.durationFrames + trial.blankFrames;

/** Index of the last trial that begins at or before a frame; −1 before the first. */
export function trialIndexAt(trials: readonly Trial[], frame: number): number {
  let low = 0;
  let high = trials.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((trials[middle] as Trial).onsetFrame <= frame) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What stands on the screen at a frame: a trial in its stimulus, or background (in a trial or before a block). */
export function shownAt(protocol: Timed, frame: number): { trial: Trial | null; stimulus: number | null } {
  const trial = protocol.trials[trialIndexAt(protocol.trials, frame)];
  if (trial === undefined || frame >= trialEnd(trial)) return { trial: null, stimulus: null };
  const lit = frame < trial.onsetFrame + trial.durationFrames;
  return { trial, stimulus: lit ? trial.stimulus : null };
}

/** First and one past the last trial that a view of `widthPx` touches. */
export function visibleTrials(protocol: Timed, view: View, widthPx: number): [number, number] {
  const endFrame = view.startFrame + widthPx * view.framesPerPx;
  const first = Math.max(0, trialIndexAt(protocol.trials, view.startFrame));
  return [first, trialIndexAt(protocol.trials, endFrame) + 1];
}

/** A view that stays inside the protocol: never more than all of it, never less than ten pixels per frame. */
export function clampView(view: View, totalFrames: number, widthPx: number): View {
  const most = Math.max(totalFrames / Math.max(1, widthPx), 0.1);
  const framesPerPx = Math.min(most, Math.max(0.1, view.framesPerPx));
  const last = Math.max(0, totalFrames - widthPx * framesPerPx);
  return { startFrame: Math.min(last, Math.max(0, view.startFrame)), framesPerPx };
}

/** Zooms by `factor` (> 1 shows more frames) while the frame under `atPx` stays where it is. */
export function zoomView(view: View, factor: number, atPx: number, totalFrames: number, widthPx: number): View {
  const frame = view.startFrame + atPx * view.framesPerPx;
  const framesPerPx = clampView({ ...view, framesPerPx: view.framesPerPx * factor }, totalFrames, widthPx).framesPerPx;
  return clampView({ startFrame: frame - atPx * framesPerPx, framesPerPx }, totalFrames, widthPx);
}

/** First frame (of its pause) and one past the last of every block. */
export function blocksOf(protocol: Timed, preBlockFrames: number): { block: number; from: number; to: number }[] {
  const blocks: { block: number; from: number; to: number }[] = [];
  for (const trial of protocol.trials) {
    const last = blocks.at(-1);
    if (last?.block === trial.block) last.to = trialEnd(trial);
    else blocks.push({ block: trial.block, from: trial.onsetFrame - preBlockFrames, to: trialEnd(trial) });
  }
  return blocks;
}
