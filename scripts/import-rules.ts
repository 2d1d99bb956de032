/**
 * Who may import what: the order of ARCHITECTURE.md as a table. `check-imports.ts` applies it to every import of the
 * repository. TypeScript's project references check types per runtime; this table checks folders, packages and
 * runtimes, also for imports that types cannot see.
 */

/** Modules of main/, lowest first. Modules of one row do not import each other. */
export const moduleOrder = [
  ['platform'],
  ['contract'],
  ['rpc', 'onnx', 'stimuli'],
  ['autodiff', 'projects'],
  ['engine', 'twins', 'jobs'],
  ['experiments', 'search', 'protocols'],
  ['app'],
];

/** Packages that run in every host, usable from pure code. */
const purePackages = ['zod', '@noble/hashes', 'pure-rand', '@bufbuild/protobuf', 'fflate', 'vscode-jsonrpc'];

/**
 * Entries beside a package's own that code for every host, or for the page, may use; styles are for the page. Others
 * may need Node, as vscode-jsonrpc/node does.
 */
const portableEntries = [
  '@bufbuild/protobuf/codegenv2',
  '@noble/hashes/sha2.js',
  '@noble/hashes/utils.js',
  'pure-rand/generator/xoroshiro128plus',
  'pure-rand/types/RandomGenerator',
  'react-dom/client',
];

const rendererModules = ['platform', 'contract', 'rpc', 'stimuli', 'twins'];
const rendererPackages = [
  '@fontsource-variable/inter',
  '@mantine/core',
  '@mantine/hooks',
  '@mantine/notifications',
  '@mantine/spotlight',
  '@tabler/icons-react',
  '@tanstack/react-query',
  '@tanstack/react-virtual',
  'd3',
  'react',
  'react-dom',
  'react-markdown',
  'remark-gfm',
  'wouter',
];
const modelModules = ['platform', 'contract', 'onnx', 'stimuli'];
const shellModules = ['platform', 'contract', 'rpc'];
const endToEndModules = ['platform', 'contract', 'rpc', 'stimuli'];

/** Folders outside main/ that hold code. */
export const otherFolders = ['electron', 'renderer', 'models', 'bin', 'scripts', 'bench', 'e2e'];

export interface Place {
  /** `main/<module>`, one of `otherFolders`, `config` for configuration files of tools, or `root` for package.json. */
  folder: string;
  module: string | null;
  runtime: 'pure' | 'node' | 'dom';
  /** Tests and their helpers, which may use Node, vitest and development packages. */
  test: boolean;
}

const rank = new Map(moduleOrder.flatMap((row, index) => row.map((name) => [name, index] as const)));

/** Where a repository path (with forward slashes) stands; null when ARCHITECTURE.md knows no such folder. */
export function placeOf(path: string): Place | null {
  const parts = path.split('/');
  const test = /\.test\.tsx?$/.test(path) || parts.slice(0, -1).includes('testing');
  if (path.endsWith('.config.ts') && parts.length <= 2)
    return { folder: 'config', module: null, runtime: 'node', test };
  if (path === 'package.json') return { folder: 'root', module: null, runtime: 'pure', test: false };
  const [top = '', second = ''] = parts;
  if (top === 'main' && parts.length > 2 && rank.has(second)) {
    const runtime = second === 'app' || parts[2] === 'node' ? 'node' : 'pure';
    return { folder: `main/${second}`, module: second, runtime, test };
  }
  if (parts.length < 2 || !otherFolders.includes(top)) return null;
  const runtime = top === 'renderer' ? 'dom' : top === 'models' ? 'pure' : 'node';
  return { folder: top, module: null, runtime, test };
}

/** Why `from` may not import the file at `to`; null when it may. */
export function folderRefusal(from: Place, to: Place): string | null {
  if (to.test && !from.test && from.folder !== 'e2e') return 'product code does not import tests or their helpers';
  if (to.folder === 'root') return null;
  if (from.folder !== to.folder && !folderAllowed(from, to)) return `${from.folder} may not import ${to.folder}`;
  if (!from.test && from.runtime !== 'node' && to.runtime === 'node') {
    return `${from.runtime === 'pure' ? 'pure code' : 'the renderer'} may not import code that needs Node`;
  }
  return null;
}

function folderAllowed(from: Place, to: Place): boolean {
  if (from.test && to.folder === 'models') return from.folder !== 'renderer' && from.folder !== 'electron';
  const target = to.module;
  if (target === null) {
    if (from.folder === 'scripts') return to.folder === 'models' || to.folder === 'bench';
    if (from.folder === 'bench') return to.folder === 'models';
    if (from.folder === 'e2e') return to.folder === 'models' || to.folder === 'scripts';
    return from.folder === 'config' && to.folder === 'e2e';
  }
  if (from.module !== null) {
    const [own, other] = [rank.get(from.module) as number, rank.get(target) as number];
    // A test may bring in its neighbours, to see real parts work together.
    return from.test ? other <= own : other < own;
  }
  switch (from.folder) {
    case 'scripts':
    case 'bench':
      return true;
    case 'bin':
      return target === 'app';
    case 'renderer':
      return rendererModules.includes(target);
    case 'models':
      return modelModules.includes(target);
    case 'electron':
      return shellModules.includes(target);
    case 'e2e':
      return endToEndModules.includes(target);
    default:
      return false;
  }
}

export interface Declared {
  product: ReadonlySet<string>;
  development: ReadonlySet<string>;
}

/** Why `from` may not import a package, one of its entries ('react-dom/client') or a Node built-in; null when it may. */
export function packageRefusal(from: Place, specifier: string, builtin: boolean, declared: Declared): string | null {
  const scopedParts = specifier.startsWith('@') ? 2 : 1;
  const name = builtin ? specifier : specifier.split('/').slice(0, scopedParts).join('/');
  const tooling = from.test || ['scripts', 'bench', 'e2e', 'config'].includes(from.folder);
  if (builtin) {
    if (from.runtime === 'node' || tooling) return null;
    return `${from.runtime === 'pure' ? 'pure code' : 'the renderer'} may not import Node's ${name}`;
  }
  if (name === 'electron') return from.folder === 'electron' ? null : "only electron/ imports 'electron'";
  if (!declared.product.has(name) && !declared.development.has(name)) return `package.json does not declare ${name}`;
  if (tooling) return null;
  if (from.folder === 'bin') return 'the launcher uses nothing but Node, so that it runs before anything is set up';
  if (from.runtime !== 'node' && !isPortable(from, specifier, name)) {
    return `${from.runtime === 'pure' ? 'pure code' : 'the renderer'} may not import the entry ${specifier}`;
  }
  if (from.runtime === 'dom') {
    return [...rendererPackages, ...purePackages].includes(name) ? null : `the renderer may not import ${name}`;
  }
  if (from.runtime === 'pure' && !purePackages.includes(name)) return `pure code may not import ${name}`;
  return declared.product.has(name) ? null : `the product imports ${name}, which stands in devDependencies`;
}

function isPortable(from: Place, specifier: string, name: string): boolean {
  if (specifier === name || portableEntries.includes(specifier)) return true;
  return from.runtime === 'dom' && specifier.endsWith('.css');
}
