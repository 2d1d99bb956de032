/**
 * Draws the sample pictures in resources/sample: synthetic scenes with the statistics of photographs, so that a first
 * start has something to look at and nobody's photograph is needed. Sizes, formats, greyscale, alpha and EXIF rotation
 * are mixed on purpose. Run: node scripts/make-sample-images.ts [part of a name]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { linearToSrgb } from '../main/stimuli/encode.ts';
import { clouds, dunes, mountains, water } from './sample-images/landscapes.ts';
import { bareTree, fallenLeaves, meadow } from './sample-images/plants.ts';
import { bark, brickWall, fruit, pebbles, stripes } from './sample-images/surfaces.ts';
import { clamp } from './sample-images/tools.ts';
import type { Shader } from './sample-images/tools.ts';

type Picture = {
  name: string;
  width: number;
  height: number;
  shader: Shader;
  format: 'jpeg' | 'png';
  grey?: true;
  exif?: 6;
};
const pictures: Picture[] = [
  { name: '01-fallen-leaves', width: 640, height: 480, shader: fallenLeaves(), format: 'jpeg' },
  { name: '02-mountains', width: 640, height: 427, shader: mountains(), format: 'jpeg' },
  { name: '03-bare-tree', width: 480, height: 640, shader: bareTree(), format: 'jpeg' },
  { name: '04-pebbles', width: 640, height: 480, shader: pebbles(), format: 'jpeg' },
  { name: '05-bark', width: 400, height: 600, shader: bark(), format: 'jpeg' },
  { name: '06-clouds', width: 640, height: 360, shader: clouds(), format: 'jpeg' },
  { name: '07-brick-wall', width: 640, height: 480, shader: brickWall(), format: 'jpeg' },
  { name: '08-water', width: 600, height: 450, shader: water(), format: 'jpeg' },
  { name: '09-dunes', width: 640, height: 426, shader: dunes(), format: 'jpeg', grey: true },
  // Stored lying on its side, to be turned by its EXIF orientation.
  { name: '10-meadow', width: 420, height: 560, shader: meadow(), format: 'jpeg', exif: 6 },
  { name: '11-fruit', width: 300, height: 300, shader: fruit(), format: 'png' },
  { name: '12-stripes', width: 480, height: 480, shader: stripes(), format: 'jpeg', grey: true },
];

const mostBytes = 60_000;

/** 8-bit sRGB RGBA, 3 × 3 samples per pixel averaged in linear light. */
function draw({ width, height, shader }: Picture): Uint8Array {
  const unit = Math.min(width, height);
  const side = 3;
  const out = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const sum = [0, 0, 0, 0];
      for (let sample = 0; sample < side * side; sample++) {
        const x = (column + ((sample % side) + 0.5) / side) / unit;
        const y = (row + (Math.floor(sample / side) + 0.5) / side) / unit;
        const [r, g, b, alpha = 1] = shader(x, y);
        [r, g, b].forEach((value, at) => (sum[at]! += alpha * clamp(value)));
        sum[3]! += alpha;
      }
      const at = 4 * (row * width + column);
      for (let channel = 0; channel < 3; channel++) {
        out[at + channel] = Math.round(255 * linearToSrgb(sum[3]! > 0 ? sum[channel]! / sum[3]! : 0));
      }
      out[at + 3] = Math.round((255 * sum[3]!) / (side * side));
    }
  }
  return out;
}

async function encode(picture: Picture): Promise<Uint8Array> {
  const { width, height, format, grey, exif } = picture;
  const rgba = sharp(draw(picture), { raw: { width, height, channels: 4 } });
  if (format === 'png') return rgba.png({ palette: true, quality: 90, effort: 10 }).toBuffer();
  const opaque = sharp(await rgba.removeAlpha().png().toBuffer());
  for (let quality = 88; ; quality -= 4) {
    let image = opaque.clone();
    if (exif === 6) image = image.rotate(-90).withMetadata({ orientation: 6 });
    if (grey) image = image.toColourspace('b-w');
    const bytes = await image.jpeg({ quality, mozjpeg: true }).toBuffer();
    if (bytes.length <= mostBytes) return bytes;
  }
}

const only = process.argv[2];
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'resources', 'sample');
await mkdir(folder, { recursive: true });
for (const picture of pictures) {
  if (only !== undefined && !picture.name.includes(only)) continue;
  const bytes = await encode(picture);
  const file = `${picture.name}.${picture.format === 'png' ? 'png' : 'jpg'}`;
  await writeFile(path.join(folder, file), bytes);
  console.log(`${file}  ${(bytes.length / 1024).toFixed(0)} KB`);
}
