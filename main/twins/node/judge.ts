/** Whether a folder is a package that a library takes: one judgement for whoever imports it and whoever packs it. */
import { join } from 'node:path';
import { checksName } from '../manifest.ts';
import { readChecks, requireChecks } from './checks.ts';
import { checkArrived, checkModel, readCard, readPackage, readUnits, type TwinPackage } from './package.ts';

/** Throws a sentence with the exact reason where it is not: manifest, hashes, graph, units, card, golden checks. */
export async function judgePackage(folder: string): Promise<TwinPackage> {
  const candidate = await readPackage(folder);
  const { manifest } = candidate;
  await checkArrived(candidate);
  await checkModel(candidate);
  await readUnits(candidate);
  await readCard(candidate);
  if (manifest.files[checksName] !== undefined) requireChecks(manifest, await readChecks(join(folder, checksName)));
  return candidate;
}
