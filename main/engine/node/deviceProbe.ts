/**
 * What a device can do, asked inside a compute process that may die of the answer: a session of a tiny graph and its
 * profile, then speed, parity and placement of a twin.
 */
import * as ort from 'onnxruntime-node';
import type { DeviceId, DeviceMeasurement, GradientForms, Placement } from '../../contract/devices.ts';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { Random } from '../../platform/random.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import { formatBytes } from '../../platform/words.ts';
import type { ComputeTwin, DeviceProbe, Tuning } from '../computeContract.ts';
import { devices } from '../devices.ts';
import { imageInput } from '../inputAdapter.ts';
import { isMemoryRefusal } from '../memory.ts';
import { inputShapes } from '../otherInputs.ts';
import { measureForms } from './gradientForms.ts';
import { openModelFile } from './modelFile.ts';
import { createOrtSession, reasonOf } from './ortSession.ts';
import { addPlacements, placementOf, profiled } from './profile.ts';
import { measureRate, tuneSession } from './tuning.ts';
import { openTwinSession, type TwinSession } from './twinSession.ts';

/** 1 × 1 × 8 × 8 through a convolution with an activation: every provider has kernels for both. */
function tinyGraph(): Uint8Array {
  const builder = new GraphBuilder({ name: 'probe' });
  builder.input('x', 'float32', [1, 1, 8, 8]);
  builder.constant(
    'kernel',
    'float32',
    [1, 1, 3, 3],
    Array.from({ length: 9 }, (_, i) => i - 4),
  );
  const filtered = builder.node('Conv', ['x', 'kernel'], { kernel_shape: [3, 3] });
  builder.node('Relu', [filtered], {}, 'y');
  builder.output('y', 'float32', [1, 1, 6, 6]);
  return writeGraph(builder.build());
}

/** Believes the profile only: a provider that ONNX Runtime dropped leaves a session that runs on the CPU. */
export async function probeDevice(device: DeviceId): Promise<DeviceProbe> {
  try {
    const { profiles } = await profiled(async (prefix) => {
      const session = await createOrtSession({
        model: tinyGraph(),
        device,
        threads: 1,
        title: 'a test graph',
        profilePrefix: prefix('probe'),
      });
      await session.run({ x: new ort.Tensor('float32', new Float32Array(64).fill(0.5), [1, 1, 8, 8]) });
      session.endProfiling();
      await session.release();
    });
    const nodes = placementOf(profiles.get('probe') ?? []).byProvider[devices[device].provider] ?? 0;
    return nodes > 0 ? { available: true, nodes } : { available: false, reason: 'ONNX Runtime ran nothing on it' };
  } catch (error) {
    const reason = isTwinscopeError(error) ? error.details['reason'] : undefined;
    return { available: false, reason: typeof reason === 'string' ? reason : reasonOf(error) };
  }
}

/** Pictures compared between a device and the CPU. */
const parityPictures = 2;
/** How long gradients are timed, and of how many pictures at most: they take three times as long as responses. */
const gradientMs = 400;
const mostGradientPictures = 4;

/**
 * Measures the twin on its device. With `tuning`, threads and batch size are tried first and gradients are timed, and
 * on devices other than the CPU parity and placement are measured; without, only the rate of responses.
 */
export async function measureTwin(twin: ComputeTwin, tuning: Tuning | null): Promise<DeviceMeasurement> {
  const options = { graphCacheFolder: twin.graphCacheFolder };
  const tuned = await tuneSession(twin, tuning, (settings) => openTwinSession(twin, settings, options));
  const forms = tuning === null ? notAsked : await quickestForms({ ...twin, ...tuned }, tuning.budgetMs);
  const gradientForms = forms.found;
  const settings = { device: twin.device, threads: tuned.threads, batchSize: tuned.batchSize, gradientForms };
  const gradients = tuning === null ? notAsked : await gradientRate(await openTwinSession(twin, settings, options));
  const compared =
    twin.device === 'cpu' || tuning === null
      ? null
      : await compareWithCpu({ ...twin, gradientForms }, gradients.found !== null);
  return {
    threads: tuned.threads,
    batchSize: tuned.batchSize,
    stimuliPerSecond: tuned.stimuliPerSecond,
    gradientsPerSecond: gradients.found,
    gradientRefusal: gradients.refusal ?? forms.refusal,
    gradientForms,
    parity: compared?.parity ?? null,
    placement: compared?.placement ?? null,
    measuredAt: new Date().toISOString(),
  };
}

/** What was found out about a gradient; `refusal` where nothing was, since memory did not suffice this time. */
type OfGradient<T> = { found: T | null; refusal: string | null };
const notAsked: OfGradient<never> = { found: null, refusal: null };

/** Whatever else is not supported is found out once for all: the twin has no such gradient. */
function withoutGradient(error: unknown): OfGradient<never> {
  if (!isTwinscopeError(error) || error.code !== 'unsupported') throw error;
  if (!isMemoryRefusal(error)) return notAsked;
  const { neededBytes, availableBytes } = error.details as Record<string, number>;
  const [needed, available] = [neededBytes, availableBytes].map((bytes) => formatBytes(bytes as number));
  return { found: null, refusal: `Its gradient needs about ${needed} of memory, and ${available} were available.` };
}

/**
 * For so long as threads and batch sizes at most. Null where the twin has no gradient, or where its graph leaves more
 * than the batch open.
 */
async function quickestForms(twin: ComputeTwin, budgetMs: number): Promise<OfGradient<GradientForms>> {
  if (twin.manifest.capabilities.inputGradient === 'none') return notAsked;
  const model = await openModelFile(twin.modelFile);
  const { input } = imageInput(twin.manifest);
  const batchSize = Math.min(mostGradientPictures, twin.batchSize);
  try {
    const { lowering, timed } = await measureForms(
      model,
      {
        title: twin.manifest.title,
        wrt: input.tensor,
        outputs: twin.manifest.outputs.map(({ tensor }) => tensor),
        shapes: inputShapes(twin.manifest, batchSize),
      },
      { device: twin.device, threads: twin.threads, batchSize, budgetMs },
    );
    return { found: timed.length === 0 ? null : { ...lowering, strided: { ...lowering.strided } }, refusal: null };
  } catch (error) {
    return withoutGradient(error);
  } finally {
    model.release();
  }
}

/** Releases the session. Null where the twin has no gradient: its manifest says so, or none can be derived. */
async function gradientRate(session: TwinSession): Promise<OfGradient<number>> {
  try {
    if (session.twin.manifest.capabilities.inputGradient === 'none') return notAsked;
    const n = Math.min(mostGradientPictures, session.settings.batchSize);
    const images = noisePictures(session, n);
    const cotangent = noiseCotangent(session, n);
    return { found: await measureRate(n, () => session.gradient(images, n, cotangent), gradientMs), refusal: null };
  } catch (error) {
    return withoutGradient(error);
  } finally {
    await session.release();
  }
}

async function compareWithCpu(
  twin: ComputeTwin,
  withGradient: boolean,
): Promise<{ parity: number; placement: Placement }> {
  const settings = { threads: twin.threads, batchSize: parityPictures };
  const outputs = async (session: TwinSession): Promise<Float32Array[]> => {
    const images = noisePictures(session, parityPictures);
    const responses = await session.responses(images, parityPictures);
    const areas = areasOf(session, responses);
    if (!withGradient) return areas;
    const { gradient } = await session.gradient(images, parityPictures, noiseCotangent(session, parityPictures));
    return [...areas, gradient];
  };
  const cpu = await openTwinSession(twin, { ...settings, device: 'cpu' });
  const expected = await outputs(cpu);
  await cpu.release();
  const { result, profiles } = await profiled(async (profilePrefix) => {
    const session = await openTwinSession(
      twin,
      { ...settings, device: twin.device, gradientForms: twin.gradientForms },
      { profilePrefix },
    );
    const found = await outputs(session);
    await session.endProfiling();
    await session.release();
    return found;
  });
  return {
    parity: Math.max(
      // A measurement is kept as JSON, which knows no infinity.
      ...result.map((values, i) => Math.min(Number.MAX_VALUE, relativeDifference(values, expected[i] as Float32Array))),
    ),
    placement: [...profiles.values()].map(placementOf).reduce(addPlacements),
  };
}

/** The responses of every area by themselves: a quiet area is not judged by the scale of a loud one. */
function areasOf({ areas, unitCount }: TwinSession, responses: Float32Array): Float32Array[] {
  let offset = 0;
  return areas.map(({ units }) => {
    const first = offset;
    offset += units;
    return responses.filter((_, i) => i % unitCount >= first && i % unitCount < first + units);
  });
}

/** max|Δ| / max|reference|; infinite where a value is not finite in one of them only. */
export function relativeDifference(values: Float32Array, reference: Float32Array): number {
  if (values.length !== reference.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const [value, expected] = [values[i] as number, reference[i] as number];
    if (Number.isFinite(expected)) largest = Math.max(largest, Math.abs(expected));
    if (Object.is(value, expected)) continue;
    const distance = Math.abs(value - expected);
    if (!Number.isFinite(distance)) return Infinity;
    difference = Math.max(difference, distance);
  }
  return difference === 0 ? 0 : difference / largest;
}

function noisePictures(session: TwinSession, n: number): Float32Array {
  const random = Random.fromSeed(1, 'device pictures');
  return Float32Array.from(
    { length: n * session.field.frames * session.field.sizePx ** 2 },
    () => 0.25 + 0.5 * random.uniform(),
  );
}

function noiseCotangent(session: TwinSession, n: number): Float32Array {
  const random = Random.fromSeed(1, 'device weights');
  return Float32Array.from({ length: n * session.unitCount }, () => random.normal());
}
