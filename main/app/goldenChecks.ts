/** Golden checks of a package that is being put together: made where there are none, compared with the model where there are. */
import type { GoldenChecks, TwinManifest } from '../contract/twins.ts';
import type { AreaResponses, ComputeTwin } from '../engine/computeContract.ts';
import { createDeadline } from '../engine/deadline.ts';
import { encodeGreyPictures, framesOf, imageInput, pictureShape } from '../engine/inputAdapter.ts';
import { otherInputs, repeated } from '../engine/otherInputs.ts';
import { layoutsOf, requireRunnable, unitAt, type AreaLayout } from '../engine/outputLayout.ts';
import { inferShapes, type Graph } from '../onnx/index.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';
import { cos, degreesToRadians, sin } from '../platform/exactMath.ts';
import { Random } from '../platform/random.ts';
import { formatBytes, plural } from '../platform/words.ts';
import { goldenBytes, mostGolden, requireChecks, type GoldenInputs } from '../twins/node/checks.ts';
import type { Proof, Prove } from '../twins/node/pack.ts';
import { readModelGraph } from '../twins/node/package.ts';
import { compareOutputs } from '../twins/node/verification.ts';
import { computeTwin, type Services } from './services.ts';

/** The last bits of a response may depend on both, and equal folders are to give equal packages on any number of cores. */
const session = { device: 'cpu', batchSize: 2, threads: 1, gradientForms: null } as const;

/** What devices and versions of a runtime differ by in float32 is far below; half precision keeps 11 bits. */
const tolerances = { float: 1e-4, half: 1e-2 };

const seed = 1;
const checkPx = 4;
const grating = { cyclesPerPicture: 8, orientationDeg: 30, contrast: 0.8, framesPerCycle: 8 };

/**
 * Two stimuli that between them reach most units: luminance noise in checks of 4 pixels, new in every frame, and a grating
 * on mid-grey, which drifts by an eighth of a cycle per frame. They are given in pixels and frames, so that they are the
 * same whatever the field of view and the frame rate.
 * @returns 2 × frames × sizePx² of linear-light luminance, 0 to 1
 */
export function goldenRasters(sizePx: number, frames = 1): Float32Array {
  const pixels = sizePx * sizePx;
  const rasters = new Float32Array(2 * frames * pixels);
  const random = Random.fromSeed(seed, 'golden checks');
  const across = Math.ceil(sizePx / checkPx);
  const angle = degreesToRadians(grating.orientationDeg);
  const perPixel = (2 * Math.PI * grating.cyclesPerPicture) / sizePx;
  for (let frame = 0; frame < frames; frame++) {
    const checks = Array.from({ length: across * across }, () => random.uniform());
    const drift = (2 * Math.PI * frame) / grating.framesPerCycle;
    for (let row = 0, pixel = frame * pixels; row < sizePx; row++) {
      for (let column = 0; column < sizePx; column++, pixel++) {
        const check = Math.floor(row / checkPx) * across + Math.floor(column / checkPx);
        rasters[pixel] = checks[check] as number;
        const phase = perPixel * (column * sin(angle) + row * cos(angle)) - drift;
        rasters[frames * pixels + pixel] = 0.5 * (1 + grating.contrast * cos(phase));
      }
    }
  }
  return rasters;
}

/** Runs a package that is being packed in compute, on the CPU. */
export function goldenProver(services: Services, signal: CancelSignal): Prove {
  const forward = async (twin: ComputeTwin, golden: GoldenInputs): Promise<AreaResponses[]> => {
    const deadlineMs = createDeadline(services.deadlines, golden.n).ms();
    return (await services.compute.call('twin.forward', { twin, ...golden }, { signal, deadlineMs })).areas;
  };

  return async (packed, given) => {
    const { manifest } = packed;
    const why = notRunnable(manifest) ?? (given === null ? tooLarge(manifest) : null);
    if (why !== null) {
      const sentence =
        given === null
          ? `No golden checks were made, so nobody can verify this twin. ${why}`
          : `The golden checks of the folder were packed without a comparison. ${why}`;
      return { made: null, sentence };
    }
    const located = { ...packed, id: manifest.id, version: manifest.version };
    const twin: ComputeTwin = { ...computeTwin(located, session), graphCacheFolder: null };
    if (given !== null) {
      return compared(manifest, given, await forward(twin, requireChecks(manifest, given)));
    }
    const { format, sizePx, input } = imageInput(manifest);
    const others = otherInputs(manifest);
    const golden: GoldenInputs = {
      images: encodeGreyPictures(format, goldenRasters(sizePx, framesOf(format)), 2),
      n: 2,
      others: Object.fromEntries(others.map(({ tensor, values }) => [tensor, repeated(values, 2)])),
    };
    const responses = await forward(twin, golden);
    requireNumbers(manifest, packed.units, responses);
    const tolerance = toleranceOf(await readModelGraph(packed));
    const made: GoldenChecks = {
      inputs: {
        [input.tensor]: { data: golden.images, shape: pictureShape(format, 2) },
        ...Object.fromEntries(
          others.map(({ tensor, shape }) => [
            tensor,
            { data: golden.others[tensor] as Float32Array, shape: [2, ...shape] },
          ]),
        ),
      },
      outputs: Object.fromEntries(
        manifest.outputs.map(({ tensor, area, axes }) => {
          const data = responses.find((each) => each.area === area)?.data ?? new Float32Array();
          return [tensor, { data, shape: axes.map(({ size }, axis) => (axis === 0 ? 2 : (size ?? 1))), tolerance }];
        }),
      ),
    };
    const again = compareOutputs(manifest, made, { device: 'cpu', areas: await forward(twin, golden) });
    if (!again.passed) throw unsteady(manifest, again.maxError);
    const floats = golden.images.length / 2;
    const one = Object.fromEntries(others.map(({ tensor, values }) => [tensor, repeated(values, 1)]));
    const alone: AreaResponses[][] = [];
    for (const at of [0, floats]) {
      alone.push(await forward(twin, { images: golden.images.slice(at, at + floats), n: 1, others: one }));
    }
    const each = compareOutputs(manifest, made, { device: 'cpu', areas: joined(alone) });
    if (!each.passed) throw mixed(each.maxError);
    return {
      made,
      sentence: `Golden checks were made on the CPU: 2 stimuli (luminance noise, and a grating on mid-grey), tolerance ${tolerance.toExponential()} of the largest response.`,
    };
  };
}

/** Why this version cannot make or compare golden checks of the twin; null where it can. */
function notRunnable(manifest: TwinManifest): string | null {
  if (!manifest.capabilities.deterministic) {
    return 'Its manifest says that it answers the same picture differently each time.';
  }
  try {
    requireRunnable(manifest);
    return null;
  } catch (error) {
    if (!isTwinscopeError(error)) throw error;
    return error.message;
  }
}

/** Why no golden checks can be stored for the twin; null where they can. */
function tooLarge(manifest: TwinManifest): string | null {
  const { stimuli, bytes } = mostGolden;
  const needed = goldenBytes(manifest, stimuli);
  if (needed <= bytes) return null;
  return `${plural(stimuli, 'stimulus', 'stimuli')} with their responses take ${formatBytes(needed)}, and golden checks may have ${formatBytes(bytes)}.`;
}

function compared(manifest: TwinManifest, checks: GoldenChecks, areas: AreaResponses[]): Proof {
  const { maxError, tolerance, passed } = compareOutputs(manifest, checks, { device: 'cpu', areas });
  const error = maxError.toExponential(1);
  if (!passed) {
    throw new TwinscopeError(
      'bad-input',
      `The model does not give the responses of its golden checks: the largest error is ${error} of the largest response, and ${tolerance.toExponential(1)} is allowed. Nothing was written. Correct the model, or take checks.npz away to have it made.`,
    );
  }
  const stimuli = plural(checks.inputs[imageInput(manifest).input.tensor]?.shape[0] ?? 0, 'stimulus', 'stimuli');
  return {
    made: null,
    sentence: `The golden checks of the folder (${stimuli}) come out on the CPU: largest error ${error} of the largest response, tolerance ${tolerance.toExponential(1)}.`,
  };
}

function requireNumbers(
  manifest: TwinManifest,
  units: readonly { area: string; unit: string; index: number }[],
  responses: readonly AreaResponses[],
): void {
  for (const { area, data } of responses) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at === -1) continue;
    const index = unitAt(layoutsOf(manifest).find((each) => each.area === area) as AreaLayout, at);
    const unit = units.find((each) => each.area === area && each.index === index)?.unit ?? index;
    throw new TwinscopeError(
      'bad-input',
      `The model answers a golden stimulus with ${data[at]} (area ${area}, unit ${unit}). Nothing was written. Correct the model and pack it again.`,
    );
  }
}

/** The responses of runs of one picture each, as one run of all of them gives them. */
function joined(runs: readonly (readonly AreaResponses[])[]): AreaResponses[] {
  return (runs[0] ?? []).map(({ area }, at) => {
    const parts = runs.map((run) => run[at]?.data ?? new Float32Array());
    const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const part of parts) {
      data.set(part, offset);
      offset += part.length;
    }
    return { area, data };
  });
}

function mixed(error: number): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `The model answers a picture differently beside another one than alone (by ${error.toExponential(1)} of the largest response). Nothing was written. Correct the model and pack it again.`,
  );
}

function unsteady(manifest: TwinManifest, error: number): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `The model answers the same picture differently each time (by ${error.toExponential(1)} of the largest response), and twin.json says that ${manifest.title} is deterministic. Nothing was written. Correct one of the two and pack it again.`,
  );
}

/** Half precision anywhere in the graph decides. */
function toleranceOf(graph: Graph): number {
  const half = [...inferShapes(graph).values()].some(({ dtype }) => dtype === 'float16' || dtype === 'bfloat16');
  return half ? tolerances.half : tolerances.float;
}
