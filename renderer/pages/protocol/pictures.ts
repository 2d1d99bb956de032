/** Pictures for the player: generators are drawn here at the size they are shown, the rest come as thumbnails. */
import type { ProtocolStimulus } from '../../../main/contract/results.ts';
import { thumbnailDegOf } from '../../../main/contract/thumbnails.ts';
import { encodeGrey } from '../../../main/stimuli/encode.ts';
import { renderSpec } from '../../../main/stimuli/render.ts';

export interface Picture {
  readonly source: CanvasImageSource;
  /** Side of the field it shows, degrees. */
  readonly sizeDeg: number;
}

const mostPx = 640;

function draw(stimulus: ProtocolStimulus, sizePx: number): HTMLCanvasElement {
  const linear = renderSpec(stimulus.spec, { sizePx, fieldOfViewDeg: stimulus.sizeDeg, background: 0.5 });
  const codes = encodeGrey(linear, { srgb: true });
  const canvas = document.createElement('canvas');
  canvas.width = sizePx;
  canvas.height = sizePx;
  const context = canvas.getContext('2d');
  const image = new ImageData(sizePx, sizePx);
  for (let at = 0; at < codes.length; at++) image.data.fill(codes[at] as number, 4 * at, 4 * at + 3);
  for (let at = 3; at < image.data.length; at += 4) image.data[at] = 255;
  context?.putImageData(image, 0, 0);
  return canvas;
}

/** Keeps the pictures of one protocol; `get` returns null until a thumbnail has arrived. */
export function createPictures(): { get(stimulus: ProtocolStimulus, sizePx: number): Picture | null } {
  const kept = new Map<string, Picture>();
  return {
    get(stimulus, sizePx) {
      const found = kept.get(stimulus.sha256);
      if (found !== undefined) {
        const ready = !(found.source instanceof HTMLImageElement) || found.source.complete;
        return ready ? found : null;
      }
      // A long protocol would otherwise fill the memory with pictures.
      if (kept.size > 400) kept.delete(kept.keys().next().value as string);
      const { type } = stimulus.spec;
      if (type === 'image' || type === 'raster') {
        const source = new Image();
        source.src = stimulus.thumbnail;
        kept.set(stimulus.sha256, { source, sizeDeg: thumbnailDegOf(stimulus.thumbnail) });
        return null;
      }
      const cpd = type === 'grating' || type === 'gabor' ? stimulus.spec.spatialFrequencyCpd : 0;
      const px = Math.max(16, Math.min(mostPx, Math.round(sizePx)), Math.ceil(2.5 * cpd * stimulus.sizeDeg));
      const picture = { source: draw(stimulus, px), sizeDeg: stimulus.sizeDeg };
      kept.set(stimulus.sha256, picture);
      return picture;
    },
  };
}
