/** How the axes of a stimulus input and of an output are laid out. */
import type { TwinInput, TwinOutput } from './twins.ts';

export type PictureAxes = {
  /** Height and width, which are equal. */
  sizePx: number;
  channels: number;
  /** Channels stand last (NHWC) instead of before height and width (NCHW). */
  channelsLast: boolean;
  /** The time axis of a clip; null where the input takes still pictures. */
  time: { frames: number; beforeChannels: boolean } | null;
};

const namesChannels = /^(c|ch|channels?|colou?rs?)$/i;
const namesTime = /^(t|time|frames?)$/i;

/**
 * Layout of an input that takes one square picture in fixed sizes, batch first, or a clip: one more axis, called `time`,
 * before or behind the channels. Null for anything else. Where sizes alone leave the channels open, as in 3 × 3 × 3, the
 * axes' names decide, and then the order that exporters use (NCHW).
 */
export function pictureAxes({ axes }: Pick<TwinInput, 'axes'>): PictureAxes | null {
  const timeAt = axes.length === 5 ? axes.findIndex(({ name }) => namesTime.test(name)) : -1;
  const frames = axes[timeAt]?.size;
  if (axes.length === 5 && ((timeAt !== 1 && timeAt !== 2) || !frames)) return null;
  const still = timeAt === -1 ? axes : axes.toSpliced(timeAt, 1);
  if (still.length !== 4) return null;
  const picture = stillAxes(still);
  // Between height and width there is no place for it.
  if (picture === null || (picture.channelsLast && timeAt === 2)) return null;
  return { ...picture, time: frames ? { frames, beforeChannels: timeAt === 1 } : null };
}

function stillAxes(axes: TwinInput['axes']): Omit<PictureAxes, 'time'> | null {
  const [, second, third, fourth] = axes.map(({ size }) => size);
  const first = second && third && third === fourth ? { sizePx: third, channels: second, channelsLast: false } : null;
  const last = second && fourth && second === third ? { sizePx: second, channels: fourth, channelsLast: true } : null;
  if (first !== null && last !== null && namesChannels.test(axes[3]?.name ?? '')) return last;
  return first ?? last;
}

export type OutputAxes = {
  units: number;
  /** Time bins; 1 where the output has no time axis. */
  bins: number;
  hasTime: boolean;
  /** Time stands before the units instead of behind them. */
  timeFirst: boolean;
  /** Bins [from, to) whose mean is the response. */
  window: { from: number; to: number };
};

/** Layout of an output of units, batch first, with or without time bins; null for anything else. */
export function outputAxes({ axes, window }: Pick<TwinOutput, 'axes' | 'window'>): OutputAxes | null {
  const timeAt = axes.findIndex(({ name }, at) => at > 0 && namesTime.test(name));
  const bins = timeAt === -1 ? 1 : axes[timeAt]?.size;
  const units = axes.filter((_, at) => at > 0 && at !== timeAt);
  const [only] = units;
  if (units.length !== 1 || !only?.size || !bins) return null;
  const { from, to } = window ?? { from: 0, to: bins };
  if (from >= to || to > bins) return null;
  return { units: only.size, bins, hasTime: timeAt !== -1, timeFirst: timeAt === 1, window: { from, to } };
}
