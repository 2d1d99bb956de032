/** Messages between a project and its thread. */
import type { ErrorCode } from '../../platform/errors.ts';
import type { Upgrade } from '../rows.ts';

export interface Call {
  id: number;
  target: string;
  method: string;
  args: unknown[];
}

export type FailureMessage =
  | { twinscope: true; code: ErrorCode; message: string; details: Record<string, unknown> }
  | { twinscope: false; message: string; stack: string };

export type WorkerMessage =
  | { type: 'opened'; readOnly: string | null; notice: string | null; upgrade: Upgrade | null }
  | { type: 'refused'; failure: FailureMessage }
  | { type: 'result'; id: number; value: unknown }
  | { type: 'failed'; id: number; failure: FailureMessage };
