import type { Backend } from '../backend.ts';

/** Stopped by Ctrl-C: 128 + SIGINT, as shells have it. */
export const exitInterrupted = 130;

/** What every command gets. */
export type CliContext = {
  backend: Backend;
  json: boolean;
  /** Prints the text for people, or the value as JSON for programs. */
  print(text: string, value: unknown): void;
};
