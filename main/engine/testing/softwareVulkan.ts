/**
 * A Vulkan driver that needs no graphics card: SwiftShader, from the package that brings the browser of the end-to-end
 * tests, with the loader library that machines without graphics lack.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { inflate } from '@sparticuz/chromium';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..', '..', '..');

/**
 * The environment in which a child process finds the driver. Where the package has no driver (it is for Linux on x64),
 * the machine's own must do.
 */
export async function softwareVulkan(): Promise<Record<string, string>> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return {};
  // The package's exports hide its package.json, whose version names the folder.
  const packageFolder = path.resolve(path.dirname(require.resolve('@sparticuz/chromium')), '..');
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const folder = path.join(root, '.cache', 'vulkan', version);
  const driver = path.join(folder, 'vk_swiftshader_icd.json');
  if (!existsSync(driver)) await unpack(path.join(packageFolder, 'bin', 'swiftshader.tar.br'), folder);
  if (!existsSync(driver)) throw new Error(`@sparticuz/chromium ${version} brings no Vulkan driver any more.`);
  // The newer name of the variable would win over ours.
  return { VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver, LD_LIBRARY_PATH: folder };
}

async function unpack(archive: string, folder: string): Promise<void> {
  mkdirSync(path.dirname(folder), { recursive: true });
  const part = mkdtempSync(`${folder}.part-`);
  // The package unpacks into the system's temporary folder, where another program's copy may be; ours is our own.
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = part;
  try {
    await inflate(archive);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  try {
    renameSync(part, folder);
  } catch (error) {
    // Another test file was quicker.
    if (!existsSync(folder)) throw error;
    rmSync(part, { recursive: true, force: true });
  }
}
