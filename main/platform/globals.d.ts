/**
 * The few globals that Node, browsers and Electron all have and the ECMAScript library does not declare. Pure code may
 * use these and nothing else of its host.
 */
export {};

declare global {
  class TextEncoder {
    encode(text?: string): Uint8Array<ArrayBuffer>;
  }
  class TextDecoder {
    constructor(label?: string, options?: { fatal?: boolean });
    decode(bytes?: Uint8Array): string;
  }
  function setTimeout(callback: () => void, ms?: number): unknown;
  function clearTimeout(handle: unknown): void;
}
