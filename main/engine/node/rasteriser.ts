/**
 * Stimuli as the twin sees them. Photographs and stored rasters are fetched by their hash from the backend once and
 * kept, already fitted to the twin's raster, as long as they fit into the budget.
 */
import type { StimulusDesign, StimulusSpec } from '../../contract/stimuli.ts';
import { specAt } from '../../stimuli/design.ts';
import { rasterisePhotograph } from '../../stimuli/node/photographs.ts';
import { type ClipRaster, renderShown } from '../../stimuli/clip.ts';
import { isMoving } from '../../stimuli/motion.ts';
import { decodeNpy } from '../../stimuli/npy.ts';
import { renderSpec, type LinearImage } from '../../stimuli/render.ts';

export type RasterField = ClipRaster;

export type FetchBytes = (kind: 'image' | 'array', sha256: string) => Promise<Uint8Array>;

export type Rasteriser = {
  /**
   * sizePx² values, of a moving stimulus as it is `timeS` seconds after its start; where the field has frames, all of
   * them instead, frames × sizePx².
   */
  render(spec: StimulusSpec, timeS?: number): Promise<Float32Array>;
  renderAt(design: StimulusDesign, index: number): Promise<Float32Array>;
};

const defaultBudgetBytes = 256 * 1024 * 1024;

export function createRasteriser(
  field: RasterField,
  fetchBytes: FetchBytes,
  budgetBytes = defaultBudgetBytes,
): Rasteriser {
  // Insertion order is age: the oldest entry goes first when the budget is over.
  const kept = new Map<string, Float32Array>();
  let keptBytes = 0;

  function keep(key: string, raster: Float32Array): void {
    kept.set(key, raster);
    keptBytes += raster.byteLength;
    for (const [oldest, value] of kept) {
      if (keptBytes <= budgetBytes || oldest === key) break;
      kept.delete(oldest);
      keptBytes -= value.byteLength;
    }
  }

  async function photograph(spec: Extract<StimulusSpec, { type: 'image' }>): Promise<LinearImage> {
    const sizePx = Math.max(1, Math.round((spec.sizeDeg / field.fieldOfViewDeg) * field.sizePx));
    const key = `${spec.imageSha256}/${sizePx}/${spec.fit}`;
    let luminance = kept.get(key);
    if (luminance === undefined) {
      const bytes = await fetchBytes('image', spec.imageSha256);
      luminance = await rasterisePhotograph(bytes, { sizePx, fit: spec.fit, background: field.background });
      keep(key, luminance);
    }
    return { widthPx: sizePx, heightPx: sizePx, luminance };
  }

  async function array(sha256: string): Promise<Float32Array> {
    let values = kept.get(sha256);
    if (values === undefined) {
      values = decodeNpy(await fetchBytes('array', sha256)).data;
      keep(sha256, values);
    }
    return values;
  }

  async function render(spec: StimulusSpec, timeS = 0): Promise<Float32Array> {
    const { frames, frameRateHz } = field;
    const image = spec.type === 'image' ? await photograph(spec) : undefined;
    const stored = spec.type === 'raster' ? await array(spec.arraySha256) : undefined;
    const sources = { image: () => image, array: () => stored };
    if (frames !== undefined && frameRateHz && isMoving(spec)) return renderShown(spec, field, sources);
    return renderSpec(spec, field, sources, undefined, timeS);
  }

  return { render, renderAt: (design, index) => render(specAt(design, index)) };
}
