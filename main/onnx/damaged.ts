/** How a file is refused that breaks the rules of ONNX. */
import { TwinscopeError } from '../platform/errors.ts';

/** @param what one or more whole sentences */
export function damaged(what: string, details: Record<string, unknown> = {}): TwinscopeError {
  return new TwinscopeError(
    'corrupt',
    `${what} Nothing was changed. Get the file again, or export the model again.`,
    details,
  );
}
