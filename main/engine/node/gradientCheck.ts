/** The finite-difference check of a twin, as it is made at every import and stored with the twin. */
import { readFile } from 'node:fs/promises';
import { checkGradient, stillWorks, type GradientCheck } from '../../autodiff/index.ts';
import { readGraph } from '../../onnx/index.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import { Random } from '../../platform/random.ts';
import type { ComputeContext } from '../computeContract.ts';
import { isMemoryRefusal } from '../memory.ts';
import { withAreas } from '../refusedArea.ts';
import { twinNodeAtFault } from './diagnose.ts';
import type { TwinSession } from './twinSession.ts';

/** `none`: no gradient can be derived, and the sentence says through what and what still works. */
export type TwinGradientCheck = Omit<GradientCheck, 'verdict'> & { verdict: GradientCheck['verdict'] | 'none' };

/** Pictures tried before a gradient that is zero at each of them counts as zero everywhere. */
const pictures = 3;

/**
 * Judges the gradient at a seeded noise picture, or clip of such pictures, and a random weighting of all responses; see `checkGradient`. Where it
 * is zero another picture is tried; a gradient that is zero at all of them, or by the graph's making, is refused. Progress
 * counts random directions.
 */
export async function checkTwinGradient(
  session: TwinSession,
  { signal, progress }: ComputeContext,
): Promise<TwinGradientCheck> {
  let smooth: boolean;
  try {
    smooth = await session.smooth();
  } catch (error) {
    return unavailable(await named(error, session));
  }
  const random = Random.fromSeed(1, 'gradient check');
  for (let picture = 0; picture < pictures; picture++) {
    const x = Float32Array.from(
      { length: session.field.frames * session.field.sizePx ** 2 },
      () => 0.25 + 0.5 * random.uniform(),
    );
    const cotangent = Float32Array.from({ length: session.unitCount }, () => random.normal());
    const check = await checkGradient<Float32Array>(
      {
        async outputs(image) {
          signal.throwIfAborted();
          return session.responses(image, 1);
        },
        async gradient(image, weights) {
          signal.throwIfAborted();
          return (await session.gradient(image, 1, weights)).gradient;
        },
      },
      { x, cotangent, seed: 1, smooth, onDirection: (done, total) => progress({ done, total }) },
    );
    if (!Number.isFinite(check.gradientNorm)) return located(check, session, x, cotangent);
    if (check.gradientNorm !== 0) return check;
  }
  return judgement(
    'refused',
    `The gradient is zero at each of ${pictures} pictures it was checked at, so a search has nothing to follow. ${stillWorks}`,
    0,
  );
}

/** Names the node where the gradient stopped being finite; looking for it must not hide that it did. */
async function located(
  check: GradientCheck,
  session: TwinSession,
  x: Float32Array,
  cotangent: Float32Array,
): Promise<TwinGradientCheck> {
  const node = await twinNodeAtFault(session, x, cotangent).catch(() => null);
  return node === null ? check : { ...check, sentence: `${check.sentence.replace(/\.$/, '')}, first at ${node}.` };
}

/** Adds the area to a refusal; the graph is read again for it, since only refusals need it. */
async function named(error: unknown, { twin }: TwinSession): Promise<unknown> {
  return withAreas(error, readGraph(await readFile(twin.modelFile)), twin.manifest);
}

/** What a refusal to derive a gradient means: zero everywhere is refused, anything else leaves the twin without one. */
function unavailable(error: unknown): TwinGradientCheck {
  // What does not fit into memory today may fit tomorrow: that says nothing of the twin.
  if (!isTwinscopeError(error) || error.code !== 'unsupported' || isMemoryRefusal(error)) throw error;
  const zero = error.details['zero'] === true;
  return judgement(zero ? 'refused' : 'none', error.message, zero ? 0 : Number.NaN);
}

function judgement(verdict: TwinGradientCheck['verdict'], sentence: string, gradientNorm: number): TwinGradientCheck {
  const missing = Number.NaN;
  return {
    verdict,
    sentence,
    gradientNorm,
    randomError: missing,
    randomTolerance: missing,
    ownError: missing,
    ownTolerance: missing,
    longestStep: 0,
  };
}
