/** Renders every stimulus of a protocol for its display, and writes pictures and arrays. */
import type { Display } from '../../contract/plans.ts';
import type { ExpandedProtocol, ProtocolStimulus } from '../../contract/results.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { encodeNpy } from '../../stimuli/npy.ts';
import { encodeGreyPng } from '../../stimuli/node/png.ts';
import { tsr1HighestCpd } from '../../stimuli/tsr1/classes.ts';
import { measureStimulus } from '../measure.ts';
import { picturePx, projectOntoScreen, sourcePx } from '../screen.ts';
import { blankName, type ExportedPicture } from '../tables.ts';
import type { WriteFile } from './exportFolder.ts';

/** A square of linear light. */
export interface Samples {
  linear: Float32Array;
  sizePx: number;
}

/** What both exporters are given. */
export interface ExportOptions {
  protocol: ExpandedProtocol;
  /**
   * The stimulus as linear light, evenly spaced in degrees over its `sizeDeg`, row 0 on top: sizePx × sizePx, or a stored
   * raster as it stands, whatever size was asked for.
   */
  render: (stimulus: ProtocolStimulus, sizePx: number) => Promise<Samples>;
  /** Samples per side of the exported linear arrays; stored rasters keep their own. */
  rasterPx: number;
  /** The folder that will hold the export. */
  out: string;
  /** Written into the manifest as it stands. */
  provenance: Record<string, unknown>;
  signal?: CancelSignal | undefined;
  onProgress?: ((progress: { done: number; total: number; phase: string }) => void) | undefined;
}

const background = 0.5;
const blankPx = 16;
/** Samples per cycle below which a grating would not be drawn faithfully. */
const samplesPerCycle = 4;
/** Keeps the drawing of a stimulus far larger than any screen within 64 MiB. */
const largestSourcePx = 4096;

const even = (n: number): number => 2 * Math.ceil(n / 2);

/** Enough samples for the finest bars, and never fewer than asked for. */
function atLeast(sizePx: number, stimulus: ProtocolStimulus): number {
  const { spec, sizeDeg } = stimulus;
  const bars = spec.type === 'grating' || spec.type === 'gabor' ? spec.spatialFrequencyCpd : 0;
  const cpd = spec.type === 'tsr1' ? tsr1HighestCpd : bars;
  return Math.max(sizePx, even(samplesPerCycle * cpd * sizeDeg));
}

/** Pictures no larger than the screen: what lies outside cannot be shown. */
function shownPx(sizeDeg: number, display: Display): number {
  return Math.min(picturePx(sizeDeg, display), even(Math.max(display.widthPx, display.heightPx)));
}

/**
 * Writes `<folder>/<name>.png` for every stimulus (and a blank where there are blank trials), encoded for the display's
 * gamma and black level on its own pixel grid; with `arrays`, also `<arrays>/<name>.npy`, linear float32.
 */
export async function writePictures(
  options: ExportOptions,
  write: WriteFile,
  folder: string,
  arrays: string | null,
): Promise<ExportedPicture[]> {
  const { protocol, render, rasterPx, signal } = options;
  const { display } = protocol;
  const total = protocol.stimuli.length;
  const pictures: ExportedPicture[] = [];
  const writePng = async (name: string, linear: Float32Array, sizePx: number): Promise<void> =>
    write(`${folder}/${name}.png`, await encodeGreyPng(linear, sizePx, { display }));

  for (const stimulus of protocol.stimuli) {
    signal?.throwIfAborted();
    const { name, sizeDeg } = stimulus;
    const displayPx = shownPx(sizeDeg, display);
    const wantedPx = atLeast(Math.min(sourcePx(sizeDeg, display), largestSourcePx), stimulus);
    const source = await checkedRender(render, stimulus, wantedPx);
    const shown = projectOntoScreen({ ...source, sizeDeg, background }, displayPx, display);
    await writePng(name, shown, displayPx);
    let linearPx: number | null = null;
    if (arrays !== null) {
      const stored = stimulus.spec.type === 'raster';
      const array = stored ? source : await checkedRender(render, stimulus, atLeast(rasterPx, stimulus));
      linearPx = array.sizePx;
      await write(`${arrays}/${name}.npy`, encodeNpy(array.linear, [linearPx, linearPx]));
    }
    pictures.push({
      stimulus,
      name,
      displayPx,
      linearPx,
      clipped: clippedFraction(shown, display),
      measured: measureStimulus(stimulus, source, shown, displayPx, display),
    });
    options.onProgress?.({ done: pictures.length, total, phase: 'writing pictures' });
  }
  if (protocol.trials.some((trial) => trial.stimulus === null)) {
    await writePng(blankName, new Float32Array(blankPx * blankPx).fill(background), blankPx);
    pictures.push({ stimulus: null, name: blankName, displayPx: blankPx, linearPx: null, clipped: 0, measured: null });
  }
  return pictures;
}

async function checkedRender(
  render: ExportOptions['render'],
  stimulus: ProtocolStimulus,
  wantedPx: number,
): Promise<Samples> {
  const samples = await render(stimulus, wantedPx);
  const { linear, sizePx } = samples;
  if (linear.length !== sizePx * sizePx || (stimulus.spec.type !== 'raster' && sizePx !== wantedPx)) {
    throw new TwinscopeError(
      'internal',
      `${stimulus.name} was drawn with ${linear.length} pixels instead of ${wantedPx} × ${wantedPx}. Nothing was exported.`,
    );
  }
  return samples;
}

/** Fraction of pixels that the display's range of luminance cannot hold by more than a tenth of an 8-bit step. */
function clippedFraction(linear: Float32Array, display: Display): number {
  const { minLuminanceCdM2: black, maxLuminanceCdM2: white } = display;
  const tolerance = (white - black) / 2550;
  const lowest = (black - tolerance) / (black + white);
  const highest = (white + tolerance) / (black + white);
  let clipped = 0;
  for (const value of linear) if (value < lowest || value > highest) clipped++;
  return clipped / linear.length;
}
