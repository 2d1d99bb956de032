/** The twins of a plan that have no part in its search: pinned at its start, resolved and named by what they are to the searched one. */
import type { SearchPlan, TwinRef } from '../../contract/plans.ts';
import { stimulusInputOf, type TwinManifest } from '../../contract/twins.ts';
import type { ComputeTwin, SearchStart } from '../../engine/computeContract.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { computeTwin, type Services } from '../services.ts';

/** Throws 'not-found' or 'bad-input' for a twin that is not there, is named twice or is the searched one. */
export async function pinHeldOut(services: Services, plan: SearchPlan): Promise<TwinRef[]> {
  if (plan.heldOut.length === 0) return [];
  const searched = await services.library.resolve(plan.twin);
  const seen = new Set([searched.sha256]);
  const pinned: TwinRef[] = [];
  for (const ref of plan.heldOut) {
    const { manifest, sha256 } = await services.library.resolve(ref);
    if (seen.has(sha256)) {
      const why = sha256 === searched.sha256 ? 'is the twin that is searched' : 'is named twice';
      throw new TwinscopeError(
        'bad-input',
        `${manifest.id} cannot be held out: it ${why}. Nothing was started. Name another twin in heldOut, or leave it out.`,
      );
    }
    if (stimulusInputOf(manifest) === undefined) {
      throw new TwinscopeError(
        'bad-input',
        `${manifest.id} cannot be held out: it takes no pictures. Nothing was started. Name another twin in heldOut.`,
      );
    }
    seen.add(sha256);
    pinned.push({ id: manifest.id, version: manifest.version, sha256 });
  }
  return pinned;
}

/** With the device, threads and batch size of the searched twin, at its behaviour's defaults. */
export async function heldOutTwins(
  services: Services,
  { heldOut }: SearchPlan,
  searched: ComputeTwin,
): Promise<SearchStart['heldOut']> {
  const { device, batchSize, threads } = searched;
  const twins: SearchStart['heldOut'] = [];
  for (const ref of heldOut ?? []) {
    const resolved = await services.library.resolve(ref);
    const twin = computeTwin(resolved, { device, batchSize, threads, gradientForms: null });
    const same = sameArchitecture(searched.manifest, resolved.manifest);
    twins.push({ twin, tier: same ? 'same architecture' : 'another architecture' });
  }
  return twins;
}

/** Of a package that `npm run siblings` made: the twin that it was made from. */
const familyOf = (id: string): string => id.replace(/-(sibling|seed)-[0-9].*$/, '');
const familyTitle = (title: string): string => title.replace(/, (sibling|other seed)\b.*$/, '');

/** By id or title, without what the packages of `npm run siblings` have behind them. */
export function sameArchitecture(
  a: Pick<TwinManifest, 'id' | 'title'>,
  b: Pick<TwinManifest, 'id' | 'title'>,
): boolean {
  return familyOf(a.id) === familyOf(b.id) || familyTitle(a.title) === familyTitle(b.title);
}
