/**
 * Several twins, or one in several states of behaviour, as one: all are shown the same stimulus, and their responses
 * stand side by side. The stimulus lives on the field of the first, in degrees (see `createFieldChange`).
 */
import { type Member, memberArea } from '../contract/plans.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { formatNumber } from '../stimuli/words.ts';
import { createFieldChange } from './fieldChange.ts';
import type { ModelUnit, ResponseModel, SearchField } from './model.ts';

/** `title` names the twin in sentences. */
export type ModelMember = { member: Member; title: string; model: ResponseModel };

/**
 * Steps are as large as those of the first member, calls as small as any member needs.
 * @param members the plan's own twin first, under the member null
 */
export function combineModels(members: readonly ModelMember[]): ResponseModel {
  const [own] = members;
  if (own === undefined) throw new RangeError('a combined model needs a member');
  if (members.length === 1) return own.model;
  const { field } = own.model;
  for (const other of members.slice(1)) requireSameTime(own, other);
  const parts = members.map(({ member, model }) => ({
    model,
    change: createFieldChange(field, model.field),
    units: model.units.map((unit): ModelUnit =>
      member === null ? unit : { ...unit, area: memberArea(member, unit.area), member },
    ),
  }));
  const units = parts.flatMap((part) => part.units);
  const offsets = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.units.length, 0));
  const shownPixels = (field.frames ?? 1) * field.sizePx ** 2;
  const stand = (all: Float32Array, responses: Float32Array, at: number, n: number): void => {
    const { length } = (parts[at] as (typeof parts)[number]).units;
    for (let i = 0; i < n; i++) {
      all.set(responses.subarray(i * length, (i + 1) * length), i * units.length + (offsets[at] as number));
    }
  };
  const cut = (all: Float32Array, at: number, n: number): Float32Array => {
    const { length } = (parts[at] as (typeof parts)[number]).units;
    const result = new Float32Array(n * length);
    for (let i = 0; i < n; i++) {
      const from = i * units.length + (offsets[at] as number);
      result.set(all.subarray(from, from + length), i * length);
    }
    return result;
  };
  const withoutGradient = [...new Set(members.flatMap(({ title, model }) => (model.gradient === null ? [title] : [])))];

  return {
    batchSize: own.model.batchSize,
    mostPerRun: Math.min(...members.flatMap(({ model }) => [model.batchSize, model.mostPerRun ?? model.batchSize])),
    units,
    field,
    withoutGradient,
    notices: noticesOf(own, members),
    async responses(images, n) {
      const all = new Float32Array(n * units.length);
      for (const [at, { model, change }] of parts.entries()) {
        stand(all, await model.responses(change === null ? images : change.apply(images), n), at, n);
      }
      return all;
    },
    gradient:
      withoutGradient.length > 0
        ? null
        : async (images, n, cotangent) => {
            const all = new Float32Array(n * units.length);
            const sum = new Float64Array(n * shownPixels);
            for (const [at, { model, change }] of parts.entries()) {
              const shown = change === null ? images : change.apply(images);
              const own = cut(cotangent, at, n);
              // Whoever has no part in the objective is only asked what it answers.
              if (model.gradient === null || own.every((value) => value === 0)) {
                stand(all, await model.responses(shown, n), at, n);
                continue;
              }
              const answer = await model.gradient(shown, n, own);
              stand(all, answer.responses, at, n);
              const back = change === null ? answer.gradient : change.adjoint(answer.gradient);
              for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (back[i] as number);
            }
            return { responses: all, gradient: Float32Array.from(sum) };
          },
    async nodeAtFault(image, cotangent) {
      for (const [at, { model, change }] of parts.entries()) {
        const own = cotangent === null ? null : cut(cotangent, at, 1);
        if (own?.every((value) => value === 0) === true) continue;
        const node = await model.nodeAtFault?.(change === null ? image : change.apply(image), own);
        if (node !== null && node !== undefined) return `${node} of ${(members[at] as ModelMember).title}`;
      }
      return null;
    },
  };
}

/** Throws 'bad-input' where one sees pictures and the other clips, or clips of another length or rate. */
function requireSameTime(own: ModelMember, other: ModelMember): void {
  const [a, b] = [own.model.field, other.model.field];
  const [framesA, framesB] = [a.frames ?? 1, b.frames ?? 1];
  if (framesA === framesB && (framesA === 1 || (a.frameRateHz ?? null) === (b.frameRateHz ?? null))) return;
  throw new TwinscopeError(
    'bad-input',
    `${own.title} sees ${timeOf(a)}, and ${other.title} ${timeOf(b)}, so they cannot be shown the same stimulus. Nothing was ` +
      'started. Put together twins that see pictures, or clips of the same frames.',
  );
}

function timeOf({ frames = 1, frameRateHz = null }: SearchField): string {
  if (frames === 1) return 'still pictures';
  return `clips of ${frames} frames${frameRateHz === null ? '' : ` at ${formatNumber(frameRateHz)} Hz`}`;
}

function noticesOf(own: ModelMember, members: readonly ModelMember[]): string[] {
  const { field } = own.model;
  const seen = new Set<string>();
  return members.flatMap(({ title, model }) => {
    if (title === own.title || seen.has(title)) return [];
    seen.add(title);
    const other = model.field;
    return [
      ...(field.fieldOfViewDeg / field.sizePx > other.fieldOfViewDeg / other.sizePx
        ? [
            `${title} has smaller pixels than the stimuli of this search, which are interpolated for it; beside sharp edges what it is ` +
              'shown may leave the luminance range by a little, where a run holds it there. Run the best stimuli on it to compare.',
          ]
        : []),
      ...(other.fieldOfViewDeg < field.fieldOfViewDeg
        ? [
            `${title} sees ${formatNumber(other.fieldOfViewDeg)}° of the ${formatNumber(field.fieldOfViewDeg)}° that the stimuli of this search fill.`,
          ]
        : []),
      ...(other.background === field.background
        ? []
        : [
            `${title} was made for a background of ${formatNumber(other.background)}; it is shown the stimuli of this search on ${formatNumber(field.background)}.`,
          ]),
    ];
  });
}
