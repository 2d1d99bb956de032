/**
 * Checks every import of the repository against `import-rules.ts`: static, dynamic and type imports, re-exports,
 * require, import.meta.resolve, import.meta.glob, `new URL(…, import.meta.url)` (workers) and reference comments.
 * Prints `file:line: sentence` for each refusal and ends with 1 when there was one. Cycles are oxlint's.
 *
 * Usage: node scripts/check-imports.ts [folder]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { folderRefusal, packageRefusal, placeOf, type Declared, type Place } from './import-rules.ts';

const notOurs = new Set(['node_modules', 'dist', '.git', '.cache', 'demo-output', 'test-results', 'playwright-report']);
const codeFile = /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs)$/;
const dataFile = /\.(json|css|svg|png|md|wasm|html|onnx|csv|npz)$/;

interface Found {
  /** Null for a specifier that is computed and so cannot be checked. */
  specifier: string | null;
  start: number;
  /** A URL may also name a folder or a data file, which is not an import. */
  url?: boolean;
}
interface SyntaxNode {
  type: string;
  start: number;
  [key: string]: unknown;
}

/** All refusals of the tree at `root`, as `path:line: sentence`, sorted by path. */
export function checkTree(root: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, object | undefined>;
  const names = (key: string): string[] => Object.keys(manifest[key] ?? {});
  const declared: Declared = {
    product: new Set(names('dependencies')),
    development: new Set([...names('devDependencies'), ...names('optionalDependencies')]),
  };
  return sourceFiles(root, '').flatMap((path) => checkFile(root, path, declared));
}

function sourceFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : sourceFiles(root, path);
      return codeFile.test(path) || (folder === 'bin' && !entry.name.includes('.')) ? [path] : [];
    });
}

function checkFile(root: string, path: string, declared: Declared): string[] {
  const text = readFileSync(join(root, path), 'utf8').replace(/^#!/, '//');
  const at = (start: number): string => `${path}:${text.slice(0, start).split('\n').length}`;
  const from = placeOf(path);
  if (from === null) return [`${at(0)}: this folder is not part of the layout in ARCHITECTURE.md`];
  const parsed = parseSync(path, text, codeFile.test(path) ? {} : { lang: 'js' });
  if (parsed.errors.length > 0) return [`${at(0)}: does not parse: ${parsed.errors[0]?.message}`];
  const found: Found[] = [];
  collect(parsed.program as unknown as SyntaxNode, found);
  for (const comment of parsed.comments) {
    const reference = /^\/\s*<reference\s+(types|path)=["']([^"']+)["']/.exec(comment.value);
    if (reference === null) continue;
    const [, kind, target = ''] = reference;
    const specifier = kind === 'types' ? (target === 'node' ? 'node:process' : target) : `./${target}`;
    found.push({ specifier, start: comment.start });
  }
  return found.flatMap(({ specifier, start, url }) => {
    const refusal =
      specifier === null ? computedRefusal(from) : refusalOf(path, from, specifier, url ?? false, declared);
    return refusal === null ? [] : [`${at(start)}: ${refusal}${specifier === null ? '' : ` ('${specifier}')`}`];
  });
}

function computedRefusal(from: Place): string | null {
  const free = from.test || ['bin', 'scripts', 'bench', 'e2e'].includes(from.folder);
  return free ? null : 'an import whose name is computed cannot be checked; write the name out';
}

function refusalOf(path: string, from: Place, written: string, url: boolean, declared: Declared): string | null {
  const specifier = written.replace(/[?#*].*$/, '');
  if (url && /^(data|https?|app):/.test(specifier)) return null;
  if (specifier.startsWith('.') || url) {
    const target = posix.join(posix.dirname(path), specifier);
    if (target.startsWith('..')) return 'an import may not leave the repository';
    if (url && !codeFile.test(target)) return null;
    const to = placeOf(target);
    if (to !== null) return folderRefusal(from, to);
    return dataFile.test(target) && from.runtime === 'node'
      ? null
      : 'this target is not part of the layout in ARCHITECTURE.md';
  }
  if (isBuiltin(specifier)) return packageRefusal(from, specifier, true, declared);
  if (/^[#/]|^[a-z]+:/.test(written)) return 'imports are relative paths or package names';
  return packageRefusal(from, specifier, false, declared);
}

function collect(node: SyntaxNode, found: Found[]): void {
  const add = (argument: unknown, url = false): void => {
    found.push({ specifier: literal(argument as SyntaxNode | undefined), start: node.start, url });
  };
  const callee = node['callee'] as SyntaxNode | undefined;
  const first = (node['arguments'] as SyntaxNode[] | undefined)?.[0];
  if (node.type === 'ImportDeclaration' || node.type === 'ImportExpression' || node.type === 'TSImportType') {
    add(node['source'] ?? node['argument']);
  } else if (/^Export(Named|All)Declaration$/.test(node.type)) {
    if (node['source']) add(node['source']);
  }
  if (node.type === 'TSExternalModuleReference') add(node['expression']);
  else if (node.type === 'CallExpression' && callee !== undefined && loadsModule(callee)) add(first);
  else if (node.type === 'NewExpression' && isNamed(callee, 'URL')) {
    const base = (node['arguments'] as SyntaxNode[])[1];
    const fixed = literal(first) !== null;
    if (fixed && base?.type === 'MemberExpression' && isMeta(base['object'])) add(first, true);
  }
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) collect(child as SyntaxNode, found);
    }
  }
}

/** `require`, `require.resolve`, `createRequire(…)`, `import.meta.resolve`, `import.meta.glob`, `getBuiltinModule`. */
function loadsModule(callee: SyntaxNode): boolean {
  if (isNamed(callee, 'require')) return true;
  if (callee.type === 'CallExpression') return isNamed(callee['callee'], 'createRequire');
  if (callee.type !== 'MemberExpression') return false;
  const name = callee['property'];
  if (isNamed(name, 'getBuiltinModule')) return true;
  if (isNamed(callee['object'], 'require')) return isNamed(name, 'resolve');
  return isMeta(callee['object']) && (isNamed(name, 'resolve') || isNamed(name, 'glob'));
}

function isNamed(node: unknown, name: string): boolean {
  const candidate = node as SyntaxNode | undefined;
  return candidate?.type === 'Identifier' && candidate['name'] === name;
}

function isMeta(node: unknown): boolean {
  return (node as SyntaxNode | undefined)?.type === 'MetaProperty';
}

function literal(node: SyntaxNode | undefined): string | null {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node?.type === 'TSLiteralType') return literal(node['literal'] as SyntaxNode);
  const quasis = node?.type === 'TemplateLiteral' ? (node['quasis'] as { value: { cooked: string } }[]) : [];
  return quasis.length === 1 ? (quasis[0]?.value.cooked ?? null) : null;
}

if (process.argv[1] === import.meta.filename) {
  const refusals = checkTree(resolve(process.argv[2] ?? '.'));
  for (const refusal of refusals) console.error(refusal);
  if (refusals.length > 0) console.error(`${refusals.length} forbidden imports.`);
  process.exitCode = refusals.length > 0 ? 1 : 0;
}
