/** Images as a coarse grid of samples: the same upsampling matrix along rows and columns, x = U·θ·Uᵀ. */
import { sin } from '../../platform/exactMath.ts';
import type { LinearMap } from './parameterisation.ts';

/** Weights of `samples` grid points on every one of `sizePx` pixels, row by row; grid points are centred in equal cells. */
export function bilinearMatrix(sizePx: number, samples: number): Float64Array {
  const matrix = new Float64Array(sizePx * samples);
  for (let pixel = 0; pixel < sizePx; pixel++) {
    const place = Math.min(Math.max(((pixel + 0.5) * samples) / sizePx - 0.5, 0), samples - 1);
    const first = Math.min(Math.floor(place), samples - 1);
    const share = place - first;
    matrix[pixel * samples + first] = 1 - share;
    if (share > 0) matrix[pixel * samples + first + 1] = share;
  }
  return matrix;
}

/** The Dirichlet kernel of an odd number of samples: the trigonometric polynomial of the field's period through them. */
export function bandLimitedMatrix(sizePx: number, samples: number): Float64Array {
  const matrix = new Float64Array(sizePx * samples);
  for (let pixel = 0; pixel < sizePx; pixel++) {
    for (let sample = 0; sample < samples; sample++) {
      const angle = Math.PI * ((pixel + 0.5) / sizePx - (sample + 0.5) / samples);
      const below = samples * sin(angle);
      matrix[pixel * samples + sample] = below === 0 ? 1 : sin(samples * angle) / below;
    }
  }
  return matrix;
}

/** θ is samples². The inverse is that of least squares. */
export function separableMap(matrix: Float64Array, sizePx: number, samples: number): LinearMap {
  const transposed = transpose(matrix, sizePx, samples);
  const solved = leastSquares(matrix, sizePx, samples);
  return {
    size: samples * samples,
    forward: (theta) => bothAxes(matrix, sizePx, samples, theta),
    adjoint: (values) => bothAxes(transposed, samples, sizePx, values),
    inverse: (values) => bothAxes(solved, samples, sizePx, values),
  };
}

/** M·X·Mᵀ for M of rows × columns and X of columns². */
function bothAxes(matrix: Float64Array, rows: number, columns: number, values: ArrayLike<number>): Float64Array {
  const half = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < columns; k++) {
      const weight = matrix[row * columns + k] as number;
      if (weight === 0) continue;
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column;
        half[at] = (half[at] as number) + weight * (values[k * columns + column] as number);
      }
    }
  }
  const whole = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < rows; column++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) {
        sum += (half[row * columns + k] as number) * (matrix[column * columns + k] as number);
      }
      whole[row * rows + column] = sum;
    }
  }
  return whole;
}

function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = matrix[row * columns + column] as number;
    }
  }
  return result;
}

/** (UᵀU)⁻¹·Uᵀ by Cholesky's factorisation; U has full column rank, because no grid is finer than the raster. */
function leastSquares(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const factor = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        sum += (matrix[row * columns + i] as number) * (matrix[row * columns + j] as number);
      }
      for (let k = 0; k < j; k++) sum -= (factor[i * columns + k] as number) * (factor[j * columns + k] as number);
      factor[i * columns + j] = i === j ? Math.sqrt(sum) : sum / (factor[j * columns + j] as number);
    }
  }
  const result = transpose(matrix, rows, columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns; i++) {
      let sum = result[i * rows + row] as number;
      for (let k = 0; k < i; k++) sum -= (factor[i * columns + k] as number) * (result[k * rows + row] as number);
      result[i * rows + row] = sum / (factor[i * columns + i] as number);
    }
    for (let i = columns - 1; i >= 0; i--) {
      let sum = result[i * rows + row] as number;
      for (let k = i + 1; k < columns; k++) {
        sum -= (factor[k * columns + i] as number) * (result[k * rows + row] as number);
      }
      result[i * rows + row] = sum / (factor[i * columns + i] as number);
    }
  }
  return result;
}
