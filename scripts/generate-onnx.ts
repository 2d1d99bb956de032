/** Regenerates main/onnx/generated from main/onnx/schema/onnx.proto. Run after a change of the schema, commit both. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = (file: string): string => path.join(root, 'node_modules', file);

const template = {
  version: 'v2',
  clean: true,
  plugins: [
    {
      local: [process.execPath, require('@bufbuild/protoc-gen-es/bin/protoc-gen-es')],
      out: 'main/onnx/generated',
      opt: ['target=ts', 'import_extension=ts'],
    },
  ],
};

// `buf` is fetched when needed: as a dependency, npm 11 writes a lock file without its platform packages and then
// refuses to install from it.
const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
execFileSync(
  npx,
  ['--yes', '@bufbuild/buf@1.75.0', 'generate', 'main/onnx/schema', '--template', JSON.stringify(template)],
  { cwd: root, stdio: 'inherit' },
);
