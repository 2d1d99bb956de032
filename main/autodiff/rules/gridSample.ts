/**
 * Sampling an image at the places a grid names. Every sample reads up to four pixels; its gradient is added to them with
 * the same weights. The gradient with respect to the grid is the slope of the interpolation, PyTorch's where the grid
 * leaves the image: 0 where the padding holds places at the border.
 */
import { intAttribute, stringAttribute, type Dim } from '../../onnx/index.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { addAtPlaces, sizeAlong } from './indexing.ts';

/** Places along one axis of the image, in pixels, for every sample: [batch, samples]. */
interface Places {
  position: string;
  /** Slope of the position by the grid's value. */
  slope: string;
  /** The axis's size: as a float, and as a vector of one int64. */
  size: string;
  count: string;
}

/** A pixel next to each sample, along one axis. */
interface Neighbour {
  /** As int64, within the image. */
  index: string;
  weight: string;
  /** Slope of the weight by the position; 0 for pixels outside an image padded by zeros. */
  slope: string;
}

const gridSample: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const mode = stringAttribute(node, 'mode', 'bilinear');
  if (!['bilinear', 'linear', 'nearest'].includes(mode)) {
    context.refuse(`it interpolates by "${mode}", and only "bilinear" and "nearest" have a rule`);
  }
  const { dtype, shape } = context.inputType(0);
  if (shape.length !== 4) context.refuse(`its input has ${shape.length} axes, and only images with 4 have a rule`);
  if (mode === 'nearest' && context.wanted(1) && !context.wanted(0)) {
    context.refuse('it takes the nearest pixels, which change only in steps with the grid');
  }
  const neighboursOf = mode === 'nearest' ? nearest : linear;
  const columns = placesAlong(context, 0);
  const rows = placesAlong(context, 1);
  const across = neighboursOf(context, columns);
  const down = neighboursOf(context, rows);
  // [batch, channels, samples]
  const flat = emit.node('Reshape', [gradient, emit.ints([0, 0, -1])]);
  const corners = down.flatMap((row) =>
    across.map((column) => ({ row, column, pixel: pixelOf(context, row, column, columns) })),
  );

  const toImage = (): string => {
    const pixels = emit.node('Mul', [rows.count, columns.count]);
    let sum = emit.node('Expand', [
      emit.scalar(0, dtype),
      emit.node('Concat', [batchAndChannels(context), pixels], { axis: 0 }),
    ]);
    for (const { row, column, pixel } of corners) {
      const weight = emit.unsqueeze(emit.node('Mul', [row.weight, column.weight]), [1]);
      const share = emit.node('Mul', [flat, weight]);
      sum = addAtPlaces(emit, dtype, sum, emit.node('Expand', [pixel, emit.node('Shape', [share])]), share);
    }
    return emit.reshapeLike(sum, context.input(0), shape);
  };
  const toGrid = (): string => {
    if (mode === 'nearest') return emit.node('Sub', [context.input(1), context.input(1)]);
    const image = emit.node('Reshape', [context.input(0), emit.ints([0, 0, -1])]);
    const slopes: { x: string; y: string }[] = corners.map(({ row, column, pixel }) => {
      const places = emit.node('Expand', [pixel, emit.node('Shape', [flat])]);
      const taken = emit.node('GatherElements', [image, places], { axis: 2 });
      const value = emit.reduceSum(emit.node('Mul', [flat, taken]), [1], false);
      return {
        x: emit.node('Mul', [value, emit.node('Mul', [row.weight, column.slope])]),
        y: emit.node('Mul', [value, emit.node('Mul', [row.slope, column.weight])]),
      };
    });
    const both = [
      emit.node('Mul', [
        emit.node(
          'Sum',
          slopes.map(({ x }) => x),
        ),
        columns.slope,
      ]),
      emit.node('Mul', [
        emit.node(
          'Sum',
          slopes.map(({ y }) => y),
        ),
        rows.slope,
      ]),
    ];
    const pairs = emit.node(
      'Concat',
      both.map((name) => emit.unsqueeze(name, [2])),
      { axis: 2 },
    );
    return emit.reshapeLike(pairs, context.input(1), context.inputType(1).shape);
  };
  return [context.wanted(0) ? toImage() : undefined, context.wanted(1) ? toGrid() : undefined];
};

function batchAndChannels(context: RuleContext): string {
  const { emit } = context;
  const sizes: Dim[] = context.inputType(0).shape.slice(0, 2);
  if (sizes.every((size) => typeof size === 'number')) return emit.ints(sizes);
  return emit.node('Shape', [context.input(0)], { start: 0, end: 2 });
}

/** Where the samples lie along the image's width (coordinate 0) or height (1). */
function placesAlong(context: RuleContext, coordinate: 0 | 1): Places {
  const { emit, node } = context;
  const { dtype, shape } = context.inputType(0);
  const axis = 3 - coordinate;
  const count = sizeAlong(emit, context.input(0), axis, shape[axis]);
  const size =
    typeof shape[axis] === 'number' ? emit.scalar(shape[axis], dtype) : emit.cast(emit.squeeze(count, [0]), dtype);
  const number = (value: number): string => emit.scalar(value, dtype);
  const aligned = intAttribute(node, 'align_corners', 0) === 1;
  const chosen = emit.node('Gather', [context.input(1), emit.table([], [coordinate])], { axis: -1 });
  const grid = emit.node('Reshape', [chosen, emit.ints([0, -1])]);
  const last = emit.node('Sub', [size, number(1)]);
  const scale = emit.node('Mul', [aligned ? last : size, number(0.5)]);
  // −1 and 1 are the centres of the outermost pixels, or else their outer edges.
  const scaled = emit.node('Mul', [emit.node('Add', [grid, number(1)]), scale]);
  const position = aligned ? scaled : emit.node('Sub', [scaled, number(0.5)]);
  const places = { position, slope: scale, size, count };
  const padding = stringAttribute(node, 'padding_mode', 'zeros');
  if (padding === 'zeros') return places;
  return held(context, padding === 'reflection' ? reflected(context, places, aligned) : places, last);
}

/** Held between the first and the last pixel, where the position no longer follows the grid. */
function held(context: RuleContext, places: Places, last: string): Places {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const zero = emit.scalar(0, dtype);
  const position = emit.node('Min', [emit.node('Max', [places.position, zero]), last]);
  const inside = emit.node('And', [
    emit.node('Greater', [places.position, zero]),
    emit.node('Less', [places.position, last]),
  ]);
  return { ...places, position, slope: emit.node('Where', [inside, places.slope, zero]) };
}

/** Reflected at the outermost pixels' centres (aligned) or outer edges, as often as it takes. */
function reflected(context: RuleContext, places: Places, aligned: boolean): Places {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const number = (value: number): string => emit.scalar(value, dtype);
  const low = number(aligned ? 0 : -0.5);
  // A single aligned pixel has no room to reflect in; holding the position to the image then decides.
  const span = aligned ? emit.node('Max', [emit.node('Sub', [places.size, number(1)]), number(1)]) : places.size;
  const distance = emit.node('Sub', [places.position, low]);
  const length = emit.node('Abs', [distance]);
  const turns = emit.node('Floor', [emit.node('Div', [length, span])]);
  const rest = emit.node('Sub', [length, emit.node('Mul', [turns, span])]);
  const half = emit.node('Mul', [turns, number(0.5)]);
  const forward = emit.node('Equal', [half, emit.node('Floor', [half])]);
  const folded = emit.node('Where', [forward, rest, emit.node('Sub', [span, rest])]);
  const side = emit.node('Where', [emit.node('Less', [distance, number(0)]), number(-1), number(1)]);
  const direction = emit.node('Where', [forward, side, emit.node('Neg', [side])]);
  return { ...places, position: emit.node('Add', [folded, low]), slope: emit.node('Mul', [places.slope, direction]) };
}

function nearest(context: RuleContext, places: Places): Neighbour[] {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const one = emit.scalar(1, dtype);
  return [neighbour(context, places, emit.node('Round', [places.position]), one, one)];
}

function linear(context: RuleContext, places: Places): Neighbour[] {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const number = (value: number): string => emit.scalar(value, dtype);
  const before = emit.node('Floor', [places.position]);
  const share = emit.node('Sub', [places.position, before]);
  return [
    neighbour(context, places, before, emit.node('Sub', [number(1), share]), number(-1)),
    neighbour(context, places, emit.node('Add', [before, number(1)]), share, number(1)),
  ];
}

/** A pixel that may lie outside: it is moved to the border, where it counts nothing. */
function neighbour(context: RuleContext, places: Places, pixel: string, weight: string, slope: string): Neighbour {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const last = emit.node('Sub', [places.size, emit.scalar(1, dtype)]);
  const within = emit.node('Min', [emit.node('Max', [pixel, emit.scalar(0, dtype)]), last]);
  const inside = emit.cast(emit.node('Equal', [within, pixel]), dtype);
  return {
    index: emit.cast(within, 'int64'),
    weight: emit.node('Mul', [weight, inside]),
    slope: emit.node('Mul', [slope, inside]),
  };
}

/** Which pixel of the flattened image: [batch, 1, samples]. */
function pixelOf({ emit }: RuleContext, row: Neighbour, column: Neighbour, columns: Places): string {
  const start = emit.node('Mul', [row.index, columns.count]);
  return emit.unsqueeze(emit.node('Add', [start, column.index]), [1]);
}

export const gridSampleRules: Record<string, GradientRule> = { GridSample: gridSample };
