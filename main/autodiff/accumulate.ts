/**
 * Adds up the gradients that reach one value from everything that reads it.
 *
 * Gradients with respect to parts of a value (slices) are padded with zeros axis by axis, the last axis first, summing
 * what has the same place along the other axes before padding these, and no part is padded beyond what the parts it is
 * added to cover together (measured for the overlapping crops of a V1 model in docs/decisions/onnx-gradients.md).
 */
import type { TensorType } from '../onnx/index.ts';
import type { Emitter } from './emitter.ts';
import type { Contribution, WindowGradient } from './rule.ts';

export function accumulate(
  emit: Emitter,
  contributions: readonly Contribution[],
  type: TensorType | undefined,
): string | undefined {
  const whole = contributions.filter((item) => typeof item === 'string');
  const parts = contributions.filter((item) => typeof item === 'object');
  if (parts.length > 0) whole.push(...sumParts(emit, parts, type!));
  return whole.length === 0 ? undefined : total(emit, whole);
}

function total(emit: Emitter, names: readonly string[]): string {
  if (names.length === 1) return names[0]!;
  return names.length === 2 ? emit.node('Add', names) : emit.node('Sum', names);
}

/** The elements [start, start + size) along each axis that does not run over the whole value. */
type Span = WindowGradient['window'][number];

function sumParts(emit: Emitter, parts: readonly WindowGradient[], type: TensorType): string[] {
  const axes = [...new Set(parts.flatMap(({ window }) => window.map(({ axis }) => axis)))].toSorted((a, b) => b - a);
  let open: WindowGradient[] = [...parts];
  for (const axis of axes) {
    const groups = Map.groupBy(open, ({ window }) => JSON.stringify(window.filter((span) => span.axis !== axis)));
    open = [...groups.values()].map((group) => sumWithin(emit, group, type));
  }
  // From the smallest part on, so that small ones are added up before they are padded to the large ones.
  const [first, ...others] = open.toSorted((a, b) => areaOf(a, type) - areaOf(b, type));
  const sum = others.reduce((total, part) => sumWithin(emit, [total, part], type), first!);
  return [padded(emit, sum, [], type)];
}

/** The sum of some parts, over the smallest window that holds them all. */
function sumWithin(emit: Emitter, parts: readonly WindowGradient[], type: TensorType): WindowGradient {
  if (parts.length === 1) return parts[0]!;
  const window = type.shape.flatMap((size, axis): Span[] => {
    const spans = parts.map((part) => part.window.find((span) => span.axis === axis));
    if (spans.some((span) => span === undefined)) return [];
    const start = Math.min(...spans.map((span) => span!.start));
    const end = Math.max(...spans.map((span) => span!.start + span!.size));
    return end - start === size ? [] : [{ axis, start, size: end - start }];
  });
  return {
    window,
    gradient: total(
      emit,
      parts.map((part) => padded(emit, part, window, type)),
    ),
  };
}

function areaOf({ window }: WindowGradient, type: TensorType): number {
  return window.reduce((area, { axis, size }) => (area * size) / (type.shape[axis] as number), 1);
}

/** Zeros around a part, so that it fills a window of the value (all of it where the window names no axis). */
function padded(emit: Emitter, part: WindowGradient, window: readonly Span[], type: TensorType): string {
  const rank = type.shape.length;
  const pads = Array.from({ length: 2 * rank }, () => 0);
  for (const { axis, start, size } of part.window) {
    const outer = window.find((span) => span.axis === axis) ?? { start: 0, size: type.shape[axis] as number };
    pads[axis] = start - outer.start;
    pads[axis + rank] = outer.start + outer.size - start - size;
  }
  return pads.every((pad) => pad === 0) ? part.gradient : emit.node('Pad', [part.gradient, emit.ints(pads)]);
}
