/** `twinscope stimuli render`: what a plan shows, as files. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { formatCount, plural } from '../../platform/words.ts';
import { safeFileName, writeFolderAtomic } from '../../platform/node/files.ts';
import { imageInput } from '../../engine/inputAdapter.ts';
import { designCount, labelAt, specAt } from '../../stimuli/design.ts';
import type { StimulusRaster } from '../../stimuli/geometry.ts';
import { isMoving, requireFrameRate } from '../../stimuli/motion.ts';
import { encodeGreyPng } from '../../stimuli/node/png.ts';
import { encodeNpy } from '../../stimuli/npy.ts';
import type { StimulusService } from '../stimulusService.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { readPlan } from './planCommand.ts';
import { withPlanDesign } from './projectCommands.ts';
import { stimulusTable } from './stimulusTable.ts';

/** Its number, from 1, and its label in letters that every file system takes. */
function stimulusFileName(design: StimulusDesign, index: number, count: number): string {
  const number = String(index + 1).padStart(String(count).length, '0');
  return `${number} ${safeFileName(labelAt(design, index).replaceAll('°', 'deg'))}`.replaceAll(' ', '-');
}

const renderSentences = { stopping: 'Stopping.', stopped: 'The drawing was stopped. Nothing was written.' };

const defaultFrameRateHz = 60;
const defaultDurationS = 1;
/** The frames of one stimulus are in memory at once. */
const mostClipBytes = 1024 * 1048576;

type Clip = { frameRateHz: number; frames: number };

/** Throws 'bad-input' for numbers that make no clip. */
function clipOf(options: { frameRate?: string; duration?: string }, twinRateHz: number | undefined): Clip {
  const frameRateHz = options.frameRate === undefined ? (twinRateHz ?? defaultFrameRateHz) : Number(options.frameRate);
  const durationS = options.duration === undefined ? defaultDurationS : Number(options.duration);
  for (const [name, value, given] of [
    ['--frame-rate', frameRateHz, options.frameRate],
    ['--duration', durationS, options.duration],
  ] as const) {
    if (Number.isFinite(value) && value > 0) continue;
    throw new TwinscopeError('bad-input', `${name} takes a number above 0, and “${given}” is none. Nothing was drawn.`);
  }
  return { frameRateHz, frames: Math.max(1, Math.round(frameRateHz * durationS)) };
}

export async function renderStimuli(
  context: CliContext,
  file: string,
  options: { out: string; frameRate?: string; duration?: string },
): Promise<void> {
  const plan = await readPlan(file, 'run');
  const twin = await context.backend.services.library.resolve(plan.twin);
  const { input, sizePx } = imageInput(twin.manifest);
  const field = { sizePx, fieldOfViewDeg: input.fieldOfViewDeg, background: input.background };
  const clip = clipOf(options, input.frameRateHz);
  const out = path.resolve(options.out);
  const { count, moving } = await interruptible(renderSentences, (interrupts) =>
    withPlanDesign({ ...context, ...interrupts }, plan, async (design, stimuli) => {
      const total = designCount(design);
      const clips = Array.from({ length: total }, (_, index) => isMoving(specAt(design, index)));
      if (clips.includes(true)) requireClip(design, clip, sizePx);
      await writeFolderAtomic(out, async (temporary) => {
        const names = Array.from({ length: total }, (_, index) => stimulusFileName(design, index, total));
        for (const [index, name] of names.entries()) {
          interrupts.signal.throwIfAborted();
          const base = path.join(temporary, name);
          if (clips[index]) {
            await writeClip(base, clip, field, interrupts.signal, (timeS) =>
              stimuli.render(specAt(design, index), field, timeS),
            );
          } else {
            await writeStill(base, await stimuli.render(specAt(design, index), field), sizePx);
          }
          interrupts.show(`drawing stimuli · ${index + 1}/${total}`);
        }
        const files = names.map((name) => `${name}.npy`);
        await writeFile(path.join(temporary, 'stimuli.csv'), stimulusTable(design, { files }));
        interrupts.signal.throwIfAborted();
      });
      return { count: total, moving: clips.filter(Boolean).length };
    }),
  );
  const frames =
    moving === 0
      ? ''
      : ` ${plural(moving, 'stimulus moves', 'stimuli move')}: an NPY of ${plural(clip.frames, 'frame')} at ` +
        `${clip.frameRateHz} Hz each, and a folder of PNG frames.`;
  context.print(
    `Wrote ${plural(count, 'stimulus', 'stimuli')} to ${out} (PNG for the eye, NPY with linear light, stimuli.csv says which is which).${frames}`,
    { out, count, moving, ...(moving === 0 ? {} : clip) },
  );
}

/** Throws 'bad-input' for frames that would show another motion, or more of them than fit into memory. */
function requireClip(design: StimulusDesign, { frameRateHz, frames }: Clip, sizePx: number): void {
  requireFrameRate(design, frameRateHz, 'The clip');
  if (4 * frames * sizePx * sizePx <= mostClipBytes) return;
  throw new TwinscopeError(
    'bad-input',
    `${formatCount(frames)} frames of ${sizePx} × ${sizePx} px are more than ${mostClipBytes / 1048576} MiB for each stimulus. Nothing was drawn. Ask for a shorter duration or fewer frames per second.`,
  );
}

async function writeStill(base: string, raster: Float32Array, sizePx: number): Promise<void> {
  await writeFile(`${base}.png`, await encodeGreyPng(raster, sizePx, { srgb: true }));
  await writeFile(`${base}.npy`, encodeNpy(raster, [sizePx, sizePx]));
}

/** `base.npy` holds frames × rows × columns; the folder `base` the same frames as pictures. */
async function writeClip(
  base: string,
  { frames, frameRateHz }: Clip,
  { sizePx }: StimulusRaster,
  signal: CancelSignal,
  render: (timeS: number) => ReturnType<StimulusService['render']>,
): Promise<void> {
  await mkdir(base);
  const clip = new Float32Array(frames * sizePx * sizePx);
  const digits = String(frames).length;
  for (let frame = 0; frame < frames; frame++) {
    signal.throwIfAborted();
    const raster = await render(frame / frameRateHz);
    clip.set(raster, frame * raster.length);
    const name = `${String(frame + 1).padStart(digits, '0')}.png`;
    await writeFile(path.join(base, name), await encodeGreyPng(raster, sizePx, { srgb: true }));
  }
  await writeFile(`${base}.npy`, encodeNpy(clip, [frames, sizePx, sizePx]));
}
