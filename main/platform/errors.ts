/**
 * The one error type that may reach a person. `message` is written for a scientist: what happened, what is safe, what
 * to do next. Anything else that is thrown is a fault of ours: it is logged with an id and shown as 'internal'.
 */
export const errorCodes = [
  'bad-input',
  'not-found',
  'conflict',
  'read-only',
  'unsupported',
  'disk-full',
  'corrupt',
  'newer-format',
  'cancelled',
  'compute-failed',
  'unauthorised',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export class TwinscopeError extends Error {
  override readonly name = 'TwinscopeError';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(printable(message));
    this.code = code;
    this.details = details;
  }
}

/** Names from damaged files are quoted, and may hold anything; a line break outside quotes is the only such character that is meant. */
function printable(message: string): string {
  const quotesOnOneLine = message.replaceAll(/"[^"]*"/g, (quoted) => quoted.replaceAll('\n', '\uFFFD'));
  return quotesOnOneLine.replaceAll(/[^\P{Cc}\n]/gu, '\uFFFD');
}

/** What fits a notice. */
const longestMessage = 600;

/** The same refusal at readable length: names of a file are quoted, and a damaged one may have names of any length. */
export function shortened(error: TwinscopeError): TwinscopeError {
  const { code, message, details } = error;
  if (message.length <= longestMessage) return error;
  return new TwinscopeError(code, `${message.slice(0, longestMessage - 2)}….`, details);
}

/** True for errors that carry a sentence for the user, also after they crossed a process border as plain objects. */
export function isTwinscopeError(error: unknown): error is TwinscopeError {
  return (
    error instanceof TwinscopeError ||
    (typeof error === 'object' &&
      error !== null &&
      (error as { name?: unknown }).name === 'TwinscopeError' &&
      errorCodes.includes((error as { code?: ErrorCode }).code as ErrorCode))
  );
}
