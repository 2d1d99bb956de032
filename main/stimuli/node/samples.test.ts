import { readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { contrastRms, mean, range } from '../statistics.ts';
import { listImageFiles, rasterisePhotograph, readPhotograph } from './photographs.ts';

const folder = path.join(import.meta.dirname, '../../../resources/sample');

describe('the sample pictures', () => {
  it('are small, of mixed kinds, and can be read', async () => {
    const files = await listImageFiles(folder);
    expect(files).toHaveLength(12);
    const kinds = new Set<string>();
    for (const file of files) {
      const name = path.basename(file);
      const bytes = await readFile(file);
      expect(bytes.length).toBeLessThanOrEqual(60 * 1024);
      const { widthPx, heightPx } = await readPhotograph(bytes, name);
      const metadata = await sharp(bytes).metadata();
      kinds.add(widthPx > heightPx ? 'landscape' : widthPx < heightPx ? 'portrait' : 'square');
      if (metadata.space === 'b-w') kinds.add('greyscale');
      if (metadata.hasAlpha) kinds.add('transparent');
      if (metadata.orientation === 6) kinds.add('turned');
      const raster = await rasterisePhotograph(bytes, { sizePx: 64, fit: 'cover', background: 0.5 }, name);
      const { min, max } = range(raster);
      expect(min).toBeGreaterThanOrEqual(0);
      expect(max).toBeLessThanOrEqual(1);
      expect(mean(raster)).toBeGreaterThan(0.02);
      expect(contrastRms(raster)).toBeGreaterThan(0.15);
    }
    expect([...kinds].toSorted()).toEqual(['greyscale', 'landscape', 'portrait', 'square', 'transparent', 'turned']);
  });
});
