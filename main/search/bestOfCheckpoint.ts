/** What a search over pixels has found by a checkpoint, for one that starts from it. */
import { decodeCheckpoint, part } from './checkpoint.ts';

/** As the phases over pixels save their starts; `value` of an ascent is that of the image it stands at, not of its best. */
type SavedStart = { value: number | null; bestValue?: number | null };

/** The best image of all starts with its objective; null before the first step, and where no pixels are searched. */
export function bestOfCheckpoint(bytes: Uint8Array): { image: Float32Array; objective: number } | null {
  const saved = decodeCheckpoint(bytes);
  let best: { image: Float32Array; objective: number } | null = null;
  for (const name of Object.keys(saved.json as object)) {
    const { json, arrays } = part(saved, name);
    if (!Array.isArray(json)) continue;
    for (const [i, start] of (json as SavedStart[]).entries()) {
      const image = arrays[`${i}/best`];
      const objective = start.bestValue === undefined ? start.value : start.bestValue;
      if (!(image instanceof Float32Array) || objective === null) continue;
      if (best === null || objective > best.objective) best = { image, objective };
    }
  }
  return best;
}
