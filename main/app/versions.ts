/** The versions a result depends on, as seen by the process that asks. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const twinscopeVersion: string = '0.1.0';

const ortVersion = (require('onnxruntime-node/package.json') as { version: string }).version;

export const computeVersions = (): Record<string, string> => ({
  node: process.versions.node,
  v8: process.versions.v8,
  onnxruntime: ortVersion,
});
