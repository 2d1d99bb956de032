/** Stimulus sets as the backend needs them: resolving references, thumbnails, inspection. */
import path from 'node:path';
import { readFile, stat } from 'node:fs/promises';
import type { SetRef } from '../contract/plans.ts';
import { clipStrip, type StimulusInspection, type StimulusItem } from '../contract/results.ts';
import { stimulusSpec, type StimulusDesign, type StimulusSpec } from '../contract/stimuli.ts';
import { thumbnailPx, usualThumbnailDeg } from '../contract/thumbnails.ts';
import { createClipDrawer, type DrawClip } from './clipDrawer.ts';
import { createRasteriser, type FetchBytes, type Rasteriser } from '../engine/node/rasteriser.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { canonicalJson, sha256Hex } from '../platform/hash.ts';
import { fileError } from '../platform/node/files.ts';
import type { Project } from '../projects/node/project.ts';
import type { SetRow } from '../projects/rows.ts';
import { describeDesign, designCount, labelAt, specAt, stimuliHash, stimulusHash } from '../stimuli/design.ts';
import { isMoving, picturedAtS } from '../stimuli/motion.ts';
import { shownFieldDeg, specWarnings } from '../stimuli/warnings.ts';
import { listImageFiles, readPhotograph } from '../stimuli/node/photographs.ts';
import { encodeGreyPng } from '../stimuli/node/png.ts';
import { contrastRms, histogram, mean, radialSpectrum, range } from '../stimuli/statistics.ts';

/** Thumbnails and inspections show the field of the image twins that ship: 8° on the stage grey. */
export const stageField = { sizePx: thumbnailPx, fieldOfViewDeg: usualThumbnailDeg, background: 0.5 };
/** A larger field is drawn as finely as the stage, up to this raster, and averaged. */
const mostDrawnPx = 2 * thumbnailPx;

const fieldOf = (fieldDeg: number): typeof stageField =>
  fieldDeg === stageField.fieldOfViewDeg
    ? stageField
    : {
        ...stageField,
        fieldOfViewDeg: fieldDeg,
        sizePx: Math.max(
          thumbnailPx,
          Math.min(mostDrawnPx, Math.round((stageField.sizePx / stageField.fieldOfViewDeg) * fieldDeg)),
        ),
      };

/** Bytes of photographs and rasters from the project, for whoever draws. */
export function fetchFrom(project: Project): FetchBytes {
  return (kind, sha256) => (kind === 'image' ? project.images.bytes(sha256) : project.arrays.bytes(sha256));
}

/**
 * The thumbnail's address carries the whole description, so that any stimulus has one without being stored.
 * @param fieldDeg side of the field that it shows; 8° would be a hole in the middle of what a twin of 80° is shown
 */
export const thumbnailPath = (spec: StimulusSpec, fieldDeg?: number): string => pathOf('thumbnail', spec, fieldDeg);

function pathOf(kind: 'thumbnail' | 'clip', spec: StimulusSpec, fieldDeg = usualThumbnailDeg): string {
  const field = fieldDeg === usualThumbnailDeg ? '' : `&deg=${fieldDeg}`;
  return `/resource/${kind}/${stimulusHash(spec)}.png?spec=${encodeURIComponent(canonicalJson(spec))}${field}`;
}

/** The stimulus whose picture an address is; null where it names none that this version knows. */
export function specOfThumbnail(address: string): StimulusSpec | null {
  const written = new URL(address, 'http://local').searchParams.get('spec');
  try {
    return stimulusSpec.parse(JSON.parse(written ?? 'null'));
  } catch {
    return null;
  }
}

/** The same for the frames of a moving stimulus; null for one that stands still. */
export const clipPath = (spec: StimulusSpec, fieldDeg?: number): string | null =>
  isMoving(spec) ? pathOf('clip', spec, fieldDeg) : null;

export function itemAt(design: StimulusDesign, index: number): StimulusItem {
  const spec = specAt(design, index);
  const fieldDeg = shownFieldDeg(design);
  return {
    index,
    label: labelAt(design, index),
    sha256: stimulusHash(spec),
    spec,
    thumbnail: thumbnailPath(spec, fieldDeg),
    clip: clipPath(spec, fieldDeg),
  };
}

/** Importing photographs takes time: who waits is told, and may stop it between two files. */
export type ImportOptions = { signal?: CancelSignal; onImage?: (done: number, total: number) => void };

const largestImageBytes = 512 * 1024 * 1024;

/** Refuses what is no readable file of a sensible size before it is in memory. */
async function readImageFile(file: string, name: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > largestImageBytes) {
      throw new TwinscopeError(
        'bad-input',
        `${name} has ${Math.round(size / 1048576)} MiB; at most ${largestImageBytes / 1048576} MiB can be imported. It was not imported.`,
      );
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof TwinscopeError) throw error;
    const known = fileError(error, file);
    const reason = known instanceof TwinscopeError ? known.message : `${name} could not be read.`;
    throw new TwinscopeError('bad-input', `${reason} It was not imported.`);
  }
}

export type StimulusService = {
  /** @param fieldDeg side of the field that it shows, 8° when left out */
  thumbnail(specJson: string, fieldDeg?: number): Promise<Uint8Array>;
  /** A PNG of the frames of `clipStrip`, one below the other. */
  clip(specJson: string, signal?: AbortSignal, fieldDeg?: number): Promise<Uint8Array>;
  inspect(design: StimulusDesign, index: number): Promise<StimulusInspection>;
  resolve(ref: SetRef, options?: ImportOptions): Promise<{ design: StimulusDesign; name: string }>;
  importFile(file: string): Promise<string>;
  createSet(name: string, design: StimulusDesign): Promise<SetRow>;
  render(
    spec: StimulusSpec,
    field: { sizePx: number; fieldOfViewDeg: number; background: number },
    timeS?: number,
  ): Promise<Float32Array>;
};

export function createStimulusService(project: Project): StimulusService {
  const fetchBytes = fetchFrom(project);
  const stage = createRasteriser(stageField, fetchBytes, 64 * 1024 * 1024);

  const rasterisers = new Map<string, Rasteriser>();
  const rasteriserFor = (field: typeof stageField): Rasteriser => {
    const key = canonicalJson(field);
    let found = rasterisers.get(key);
    if (found === undefined) {
      found = createRasteriser(field, fetchBytes, 64 * 1024 * 1024);
      rasterisers.set(key, found);
    }
    return found;
  };

  const clipDrawers = new Map<number, DrawClip>();
  const clipDrawerFor = (fieldDeg: number): DrawClip => {
    const found =
      clipDrawers.get(fieldDeg) ??
      createClipDrawer(rasteriserFor({ ...stageField, fieldOfViewDeg: fieldDeg, sizePx: clipStrip.sizePx }));
    clipDrawers.set(fieldDeg, found);
    return found;
  };

  async function importFile(file: string): Promise<string> {
    const name = path.basename(file);
    const bytes = await readImageFile(file, name);
    const header = await readPhotograph(bytes, name);
    const sha256 = sha256Hex(bytes);
    await project.images.put({ sha256, name, bytes, ...header });
    return sha256;
  }

  return {
    importFile,
    async thumbnail(specJson, fieldDeg = usualThumbnailDeg) {
      const spec = stimulusSpec.parse(JSON.parse(specJson));
      const field = fieldOf(fieldDeg);
      const key = field === stageField ? stimulusHash(spec) : `${stimulusHash(spec)} ${fieldDeg}`;
      const stored = await project.thumbnails.get(key);
      if (stored !== null) return stored;
      const raster = await (field === stageField ? stage : rasteriserFor(field)).render(spec, picturedAtS(spec));
      const png = await encodeGreyPng(raster, field.sizePx, {
        srgb: true,
        outSizePx: thumbnailPx,
      });
      if (project.readOnly === null) await project.thumbnails.put(key, png);
      return png;
    },
    clip: async (specJson, signal, fieldDeg = usualThumbnailDeg) =>
      clipDrawerFor(fieldDeg)(stimulusSpec.parse(JSON.parse(specJson)), signal),
    async inspect(design, index) {
      const item = itemAt(design, index);
      const field = fieldOf(shownFieldDeg(design));
      const raster = await rasteriserFor(field).render(item.spec, picturedAtS(item.spec));
      const { min, max } = range(raster);
      return {
        item,
        meanLuminance: mean(raster),
        contrastRms: contrastRms(raster),
        minLuminance: min,
        maxLuminance: max,
        histogram: histogram(raster, 32),
        spectrum: radialSpectrum(raster, field),
        warnings: specWarnings(item.spec, warningRasterOf(design)),
      };
    },
    async resolve(ref, options = {}) {
      if ('set' in ref) {
        const set = await project.sets.getByNameOrId(ref.set);
        return { design: set.design, name: set.name };
      }
      if ('design' in ref) return { design: ref.design, name: ref.name ?? describeDesign(ref.design) };
      const files = await listImageFiles(ref.imageFolder);
      const imageSha256s: string[] = [];
      for (const [i, file] of files.entries()) {
        options.signal?.throwIfAborted();
        imageSha256s.push(await importFile(file));
        options.onImage?.(i + 1, files.length);
      }
      return {
        design: {
          type: 'images',
          imageSha256s,
          labels: files.map(labelOfFile),
          sizeDeg: ref.sizeDeg ?? 8,
          fit: ref.fit ?? 'cover',
          xDeg: 0,
          yDeg: 0,
          blank: true,
        },
        name: ref.name ?? path.basename(path.resolve(ref.imageFolder)),
      };
    },
    createSet: (name, design) =>
      project.sets.create({
        name,
        design,
        description: describeDesign(design),
        count: designCount(design),
        stimuliSha256: stimuliHash(design),
      }),
    render: (spec, field, timeS) => rasteriserFor(field).render(spec, timeS),
  };
}

/** A photograph is called what its file is called. */
export const labelOfFile = (file: string): string => path.basename(file, path.extname(file));

/** What sets are drawn on before a twin has been chosen. */
export function warningRasterOf(design: StimulusDesign) {
  const { sizePx, fieldOfViewDeg } = fieldOf(shownFieldDeg(design));
  return { pxPerDeg: sizePx / fieldOfViewDeg, fieldOfViewDeg, shownBy: 'this preview' };
}
