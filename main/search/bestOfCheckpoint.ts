/** What a search over pixels has found by a checkpoint, for one that starts from it. */
import { decodeCheckpoint, part, type Saved } from './checkpoint.ts';

/** As the phases over pixels save their starts; `value` of an ascent is that of the image it stands at, not of its best. */
type SavedStart = { value: number | null; bestValue?: number | null };
/** As a search for a diverse set saves: its best set, before that the best images that its starts have seen. */
type SavedSet = { starts: { seen: number | null }[]; best: { values: number[] } | null };

type Found = { image: Float32Array; objective: number };

/** The best image of all starts with its objective; null before the first step, and where no pixels are searched. */
export function bestOfCheckpoint(bytes: Uint8Array): Found | null {
  const saved = decodeCheckpoint(bytes);
  let best: Found | null = null;
  for (const name of Object.keys(saved.json as object)) {
    for (const found of foundIn(part(saved, name))) if (best === null || found.objective > best.objective) best = found;
  }
  return best;
}

/** Of one phase, in the order of its starts. */
function foundIn(phase: Saved): Found[] {
  const { json } = phase;
  if (Array.isArray(json)) {
    return (json as SavedStart[]).flatMap(({ value, bestValue = value }, i) => foundAt(phase, `${i}/best`, bestValue));
  }
  if (json === null || typeof json !== 'object') return [];
  // A screening and what goes on from it.
  if ('refinement' in json) return foundIn(part(phase, 'refinement'));
  if (!('starts' in json && 'best' in json)) return [];
  const { starts, best } = json as SavedSet;
  return best === null
    ? starts.flatMap(({ seen }, i) => foundAt(phase, `${i}/seen`, seen))
    : best.values.flatMap((value, i) => foundAt(phase, `${i}/best`, value));
}

function foundAt({ arrays }: Saved, name: string, objective: number | null): Found[] {
  const image = arrays[name];
  return image instanceof Float32Array && objective !== null ? [{ image, objective }] : [];
}
