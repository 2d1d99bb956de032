/** A convolution whose gradient is wanted, with everything that its forms need. */
import type { Dim } from '../../onnx/index.ts';
import type { Window } from '../../onnx/shapes/spatial.ts';

export interface Transposed {
  gradient: string;
  weights: string;
  group: number;
  window: Window;
  pads: number[];
  /** Spatial sizes of the forward input and output, and the forward input itself to read them from at run time. */
  inputSpatial: readonly Dim[];
  outputSpatial: readonly Dim[];
  input: string;
}
