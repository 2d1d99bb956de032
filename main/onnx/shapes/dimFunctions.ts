/** Functions of sizes that are fixed only at run time, by the names in which texts of sizes spell them. */

const functions = {
  /** Positions of a window of `extent` − padding that moves by `stride`. */
  slide: (size: number, extent: number, stride: number) => Math.floor((size - extent) / stride) + 1,
  /** The same rounded up; a last window that would start in the padding after the data is not placed. */
  slideUp: (size: number, extent: number, stride: number, begin: number, end: number) => {
    const last = Math.ceil((size + begin + end - extent) / stride);
    return last * stride >= size + begin ? last : last + 1;
  },
  /** A transposed convolution. */
  spread: (size: number, stride: number, rest: number) => (size - 1) * stride + rest,
  /** Resize by a scale, which runtimes multiply in single precision. */
  scale: (size: number, scale: number) => Math.floor(Math.fround(size * scale)),
  slice: (size: number, start: number, end: number, step: number) => {
    const [from, to] = clampSlice(size, start, end, step);
    return Math.max(0, Math.ceil((to - from) / step));
  },
  /** Part `index` of an axis split into `parts`. */
  part: (size: number, parts: number, index: number) => {
    const each = Math.ceil(size / parts);
    return Math.max(0, Math.min(each, size - index * each));
  },
  /** Integer division rounds towards zero. */
  div: (a: number, b: number) => Math.trunc(a / b),
  ceilDiv: (a: number, b: number) => Math.ceil(a / b),
  /** With the sign of the divisor. */
  mod: (a: number, b: number) => a - b * Math.floor(a / b),
  max: (...sizes: number[]) => Math.max(...sizes),
  min: (...sizes: number[]) => Math.min(...sizes),
  sum: (...sizes: number[]) => sizes.reduce((total, size) => total + size, 0),
};

export type DimFunction = keyof typeof functions;

export function isDimFunction(name: string): name is DimFunction {
  return Object.hasOwn(functions, name);
}

export function applyDimFunction(name: DimFunction, sizes: number[]): number {
  return (functions[name] as (...sizes: number[]) => number)(...sizes);
}

/** Start, end (both within the axis) and step of a slice of `size` elements, as ONNX clamps them. */
export function clampSlice(size: number, start: number, end: number, step: number): [number, number] {
  const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  return step > 0
    ? [within(from, 0, size), within(to, 0, size)]
    : [within(from, 0, size - 1), within(to, -1, size - 1)];
}
