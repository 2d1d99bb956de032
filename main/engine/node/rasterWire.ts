/** Messages between the pool and its drawing threads. */
import type { ErrorCode } from '../../platform/errors.ts';
import type { PictureOrder } from './pictures.ts';

export type DrawMessage = PictureOrder & {
  id: number;
  /** Shared memory of the batch, filled in place. */
  out: Float32Array<SharedArrayBuffer>;
};

export type DrawnMessage =
  | { id: number; type: 'drawn' }
  | { id: number; type: 'refused'; code: ErrorCode; message: string; details: Record<string, unknown> }
  | { id: number; type: 'failed'; message: string };
