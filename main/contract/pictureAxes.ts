/** How the axes of a picture input are laid out. */
import type { TwinInput } from './twins.ts';

export type PictureAxes = {
  /** Height and width, which are equal. */
  sizePx: number;
  channels: number;
  /** Channels stand last (NHWC) instead of before height and width (NCHW). */
  channelsLast: boolean;
};

const namesChannels = /^(c|ch|channels?|colou?rs?)$/i;

/**
 * Layout of an input of four axes, batch first, with one square picture in fixed sizes; null for anything else. Where
 * sizes alone leave it open, as in 3 × 3 × 3, the axes' names decide, and then the order that exporters use (NCHW).
 */
export function pictureAxes({ axes }: Pick<TwinInput, 'axes'>): PictureAxes | null {
  if (axes.length !== 4) return null;
  const [, second, third, fourth] = axes.map(({ size }) => size);
  const first: PictureAxes | null =
    second && third && third === fourth ? { sizePx: third, channels: second, channelsLast: false } : null;
  const last: PictureAxes | null =
    second && fourth && second === third ? { sizePx: second, channels: fourth, channelsLast: true } : null;
  if (first !== null && last !== null && namesChannels.test(axes[3]?.name ?? '')) return last;
  return first ?? last;
}
