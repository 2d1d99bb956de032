/** The twins of a plan that have no part in its search: pinned at its start, resolved and named by what they are to the searched one. */
import { searchMembers, type SearchPlan, type TwinRef } from '../../contract/plans.ts';
import type { HeldOutResult } from '../../contract/searchEvidence.ts';
import { stimulusInputOf, type TwinManifest } from '../../contract/twins.ts';
import type { ComputeTwin, SearchStart } from '../../engine/computeContract.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { computeTwin, type Services } from '../services.ts';

/** Throws 'not-found' or 'bad-input' for a twin that is not there, is named twice or has a part in the search. */
export async function pinHeldOut({ library }: Pick<Services, 'library'>, plan: SearchPlan): Promise<TwinRef[]> {
  if (plan.heldOut.length === 0) return [];
  const searched = await library.resolve(plan.twin);
  const seen = new Map<string, string>();
  for (const { twin } of searchMembers(plan).others) {
    seen.set((await library.resolve(twin)).sha256, 'is one of the other twins of the search');
  }
  seen.set(searched.sha256, 'is the twin that is searched');
  const pinned: TwinRef[] = [];
  for (const ref of plan.heldOut) {
    const { manifest, sha256 } = await library.resolve(ref);
    const why = seen.get(sha256);
    if (why !== undefined) {
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
    seen.set(sha256, 'is named twice');
    pinned.push({ id: manifest.id, version: manifest.version, sha256 });
  }
  return pinned;
}

/**
 * With the device, threads and batch size of the searched twin and the window of the plan, at its behaviour's defaults. One
 * that is not there any more, or cannot be run so, comes with the reason: that is a finding of the search.
 */
export async function heldOutTwins(
  { library }: Pick<Services, 'library'>,
  { heldOut, window }: Pick<SearchPlan, 'heldOut' | 'window'>,
  searched: Pick<ComputeTwin, 'manifest' | 'device' | 'batchSize' | 'threads'>,
): Promise<SearchStart['heldOut']> {
  const { device, batchSize, threads } = searched;
  const tierOf = (twin: Named): HeldOutResult['tier'] =>
    sameArchitecture(searched.manifest, twin) ? 'same architecture' : 'another architecture';
  const twins: SearchStart['heldOut'] = [];
  for (const ref of heldOut ?? []) {
    let title = ref.id;
    try {
      const resolved = await library.resolve(ref);
      ({ title } = resolved.manifest);
      const twin = computeTwin(resolved, { device, batchSize, threads, gradientForms: null, window });
      twins.push({ twin, tier: tierOf(resolved.manifest), failure: null });
    } catch (error) {
      if (!isTwinscopeError(error)) throw error;
      // Pinned at the start of the search.
      const twin = ref as HeldOutResult['twin'];
      twins.push({ twin, tier: tierOf({ id: ref.id, title }), failure: error.message });
    }
  }
  return twins;
}

type Named = Pick<TwinManifest, 'id' | 'title'>;

/** Of a package that `npm run siblings` made: the twin that it was made from. */
const familyOf = (id: string): string => id.replace(/-(sibling|seed)-[0-9].*$/, '');
const familyTitle = (title: string): string => title.replace(/, (sibling|other seed)\b.*$/, '');

/** By id or title, without what the packages of `npm run siblings` have behind them. */
export function sameArchitecture(a: Named, b: Named): boolean {
  return familyOf(a.id) === familyOf(b.id) || familyTitle(a.title) === familyTitle(b.title);
}
