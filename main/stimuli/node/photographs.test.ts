import { createDeflate, deflateSync } from 'node:zlib';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TwinscopeError } from '../../platform/errors.ts';
import { listImageFiles, rasterisePhotograph, readPhotograph } from './photographs.ts';

type Channels = 1 | 2 | 3 | 4;
const raw = (values: number[] | Uint8Array, width: number, height: number, channels: Channels) =>
  sharp(Uint8Array.from(values), { raw: { width, height, channels } });
const square = (bytes: Uint8Array, sizePx: number, fit: 'cover' | 'contain' = 'cover') =>
  rasterisePhotograph(bytes, { sizePx, fit, background: 0.5 });
const decoded = (code: number) => (code <= 10.31475 ? code / 255 / 12.92 : ((code / 255 + 0.055) / 1.055) ** 2.4);

/** A PNG chunk by the format's description. */
function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A valid black 1-bit PNG: real rows of zeros, deflated as a stream so that the test itself needs little memory. */
async function blackPng(width: number, height: number): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const deflate = createDeflate({ level: 1 });
  const parts: Buffer[] = [];
  deflate.on('data', (part: Buffer) => parts.push(part));
  const row = Buffer.alloc(1 + Math.ceil(width / 8));
  for (let index = 0; index < height; index++) {
    if (!deflate.write(row)) await new Promise((resolve) => deflate.once('drain', resolve));
  }
  await new Promise<void>((resolve) => deflate.end(resolve));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.concat(parts)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A TIFF of one 32-bit float, by the format's description. */
function floatTiff(value: number): Buffer {
  // Width, height, bits, compression, photometric, strip offset, samples, rows per strip, strip bytes, sample format.
  const tags = [256, 257, 258, 259, 262, 273, 277, 278, 279, 339];
  const values = [1, 1, 32, 1, 1, 140, 1, 1, 4, 3];
  const file = Buffer.alloc(144);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(tags.length, 8);
  tags.forEach((tag, index) => {
    const at = 10 + 12 * index;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(4, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(values[index] as number, at + 8);
  });
  file.writeFloatLE(value, 140);
  return file;
}

async function refusal(bytes: Uint8Array, name: string): Promise<string> {
  const error: unknown = await readPhotograph(bytes, name).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TwinscopeError)) throw new Error(`no sentence but ${String(error)}`);
  expect(error.code).toBe('bad-input');
  expect(error.message.startsWith(name)).toBe(true);
  await expect(rasterisePhotograph(bytes, { sizePx: 4, fit: 'cover', background: 0.5 }, name)).rejects.toThrow(name);
  return error.message;
}

describe('what is refused', () => {
  it('a zero-byte file, text, and formats that are not photographs', async () => {
    expect(await refusal(new Uint8Array(0), 'empty.png')).toMatch(/^empty\.png is empty \(0 bytes\)/);
    expect(await refusal(Buffer.from('hello, I am not an image'), 'notes.jpg')).toMatch(
      /not a PNG, JPEG, WebP or TIFF/,
    );
    expect(
      await refusal(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 'a.svg'),
    ).toMatch(/not a PNG/);
    expect(await refusal(await raw([1, 2, 3], 1, 1, 3).gif().toBuffer(), 'a.gif')).toMatch(/not a PNG/);
  });

  it('damaged and truncated files', async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7919) % 251);
    const picture = raw(noise, 64, 64, 3);
    for (const [name, bytes] of [
      ['cut.png', await picture.clone().png().toBuffer()],
      ['cut.jpg', await picture.clone().jpeg().toBuffer()],
      ['cut.tif', await picture.clone().tiff().toBuffer()],
      ['cut.webp', await picture.clone().webp().toBuffer()],
    ] as const) {
      expect(await refusal(bytes.subarray(0, Math.floor(bytes.length * 0.6)), name)).toMatch(/damaged/);
      expect(await refusal(bytes.subarray(0, 20), name)).toMatch(/damaged/);
    }
    const flipped = await picture.clone().png().toBuffer();
    flipped.fill(0x55, 300, 600);
    expect(await refusal(flipped, 'flipped.png')).toMatch(/damaged/);
  });

  it('values that are not 8 or 16 bits', async () => {
    const float = floatTiff(0.5);
    expect(await refusal(float, 'float.tif')).toMatch(/holds float values; 8 or 16 bits/);
  });

  it('a 30,000 × 30,000 PNG, from its header, in little memory and time', async () => {
    const huge = await blackPng(30_000, 30_000);
    expect(huge.length).toBeLessThan(1_000_000);
    const before = process.memoryUsage().rss;
    const start = performance.now();
    const message = await refusal(huge, 'huge.png');
    expect(performance.now() - start).toBeLessThan(2000);
    expect(process.memoryUsage().rss - before).toBeLessThan(50e6);
    expect(message).toBe(
      'huge.png has 30,000 × 30,000 pixels (900 megapixels); at most 50 are read. It was not imported; scale it down first.',
    );
    // Only the size is at fault: the same kind of file below the limit is read.
    expect(await readPhotograph(await blackPng(7000, 7000))).toEqual({
      widthPx: 7000,
      heightPx: 7000,
      mediaType: 'image/png',
    });
  });

  it('a file that claims to be huge and holds nothing', async () => {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(60_000, 0);
    header.writeUInt32BE(60_000, 4);
    header[8] = 8;
    const lie = Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(Buffer.alloc(10))),
      chunk('IEND', Buffer.alloc(0)),
    ]);
    expect(await refusal(lie, 'lie.png')).toMatch(/3600 megapixels|damaged/);
  });
});

describe('linear light', () => {
  it('averages a black and white checkerboard to .5, not to code 128', async () => {
    const board = Uint8Array.from({ length: 64 * 64 }, (_, at) => (((at >> 6) + at) % 2 === 0 ? 255 : 0));
    const png = await raw(board, 64, 64, 1).toColourspace('b-w').png().toBuffer();
    for (const value of await square(png, 16)) expect(value).toBeCloseTo(0.5, 6);
    // An odd factor: every target pixel has 4.5 white and 4.5 black ones but for the parity.
    for (const value of await square(png, 21)) expect(Math.abs(value - 0.5)).toBeLessThan(0.06);
    // sharp itself averages codes: .5 of the way in sRGB is linear .21.
    const byCodes = await sharp(png).resize(16, 16, { kernel: 'linear' }).raw().toBuffer();
    expect(decoded(byCodes[0] as number)).toBeLessThan(0.23);
  });

  it('decodes known codes and weighs colours by Rec. 709', async () => {
    const of = async (rgb: [number, number, number]) => (await square(await raw(rgb, 1, 1, 3).png().toBuffer(), 1))[0];
    expect(await of([188, 188, 188])).toBeCloseTo(0.50289, 5);
    expect(await of([255, 0, 0])).toBeCloseTo(0.2126, 6);
    expect(await of([0, 255, 0])).toBeCloseTo(0.7152, 6);
    expect(await of([0, 0, 255])).toBeCloseTo(0.0722, 6);
    expect(await of([10, 200, 99])).toBeCloseTo(0.2126 * decoded(10) + 0.7152 * decoded(200) + 0.0722 * decoded(99), 6);
  });

  it('is the area average when it shrinks by any factor', async () => {
    const codes = Uint8Array.from({ length: 30 * 30 }, (_, at) => (at * 97) % 256);
    const png = await raw(codes, 30, 30, 1).toColourspace('b-w').png().toBuffer();
    const out = await square(png, 7);
    for (const [row, column] of [
      [0, 0],
      [2, 3],
      [6, 6],
    ] as const) {
      let sum = 0;
      let area = 0;
      for (let y = 0; y < 30; y++) {
        for (let x = 0; x < 30; x++) {
          const scale = 30 / 7;
          const across = Math.min(x + 1, (column + 1) * scale) - Math.max(x, column * scale);
          const down = Math.min(y + 1, (row + 1) * scale) - Math.max(y, row * scale);
          if (across <= 0 || down <= 0) continue;
          sum += across * down * decoded(codes[y * 30 + x] as number);
          area += across * down;
        }
      }
      expect(out[row * 7 + column]).toBeCloseTo(sum / area, 6);
    }
  });

  it('is unchanged at the same size and interpolates when it enlarges', async () => {
    const png = await raw([0, 255, 255, 0], 2, 2, 1).toColourspace('b-w').png().toBuffer();
    expect([...(await square(png, 2))]).toEqual([0, 1, 1, 0]);
    const four = await square(png, 4);
    const [first, second, third, last] = [...four.subarray(0, 4)] as [number, number, number, number];
    expect([first, last]).toEqual([0, 1]);
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThan(0.5);
    expect(second + third).toBeCloseTo(1, 6);
    // The picture is its own mirror image with black and white exchanged.
    expect((four[5] as number) + (four[6] as number)).toBeCloseTo(1, 6);
  });
});

describe('kinds of files', () => {
  const grey = (values: Float32Array) => Math.max(...values.map((value) => Math.abs(value - decoded(188))));

  it('reads greyscale, colour, 16-bit, WebP, TIFF and JPEG alike', async () => {
    const flat = Uint8Array.from({ length: 16 * 16 * 3 }, () => 188);
    const single = flat.subarray(0, 256);
    const colour = raw(flat, 16, 16, 3);
    const one = raw(single, 16, 16, 1).toColourspace('b-w');
    const deep = Uint16Array.from({ length: 256 * 3 }, () => 188 * 257);
    const files = [
      await colour.clone().png().toBuffer(),
      await colour.clone().jpeg({ quality: 95 }).toBuffer(),
      await colour.clone().webp({ lossless: true }).toBuffer(),
      await colour.clone().tiff().toBuffer(),
      await colour.clone().png({ palette: true }).toBuffer(),
      await one.clone().png().toBuffer(),
      await one.clone().jpeg().toBuffer(),
      await sharp(deep, { raw: { width: 16, height: 16, channels: 3 } })
        .toColourspace('rgb16')
        .png()
        .toBuffer(),
      await sharp(deep.subarray(0, 256), { raw: { width: 16, height: 16, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer(),
    ];
    expect((await sharp(files[7]).metadata()).depth).toBe('ushort');
    expect((await sharp(files[8]).metadata()).space).toBe('grey16');
    for (const file of files) expect(grey(await square(file, 4))).toBeLessThan(1e-6);
  });

  it('keeps the precision of 16 bits', async () => {
    const code = 30_001;
    const png = await sharp(Uint16Array.of(code), { raw: { width: 1, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await square(png, 1))[0]).toBeCloseTo(((code / 65535 + 0.055) / 1.055) ** 2.4, 7);
  });

  it('converts a CMYK JPEG', async () => {
    const flat = Uint8Array.from({ length: 32 * 32 * 3 }, () => 188);
    const cmyk = await raw(flat, 32, 32, 3).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const [value] = await square(cmyk, 1);
    expect(value).toBeGreaterThan(0.4);
    expect(value).toBeLessThan(0.6);
  });

  it('applies an embedded colour profile', async () => {
    // The same encoded numbers mean a more saturated green in Display P3 than in sRGB.
    const encoded = await raw([60, 200, 60], 1, 1, 3).png().toBuffer();
    const tagged = await sharp(encoded).withIccProfile('p3').png().toBuffer();
    const untagged = await square(encoded, 1);
    const converted = await square(tagged, 1);
    // sharp converted the numbers to P3 when it tagged them; reading must convert them back.
    expect(
      Buffer.compare(await sharp(tagged, { ignoreIcc: true }).raw().toBuffer(), Buffer.from([60, 200, 60])),
    ).not.toBe(0);
    expect(converted[0]).toBeCloseTo(untagged[0] as number, 2);
  });

  it('composes transparency over the background in linear light', async () => {
    // Half-transparent white on .5 is .75; in sRGB it would be code 222, linear .73.
    const white = await raw([255, 255, 255, 128], 1, 1, 4).png().toBuffer();
    expect((await square(white, 1))[0]).toBeCloseTo(128 / 255 + (127 / 255) * 0.5, 6);
    const greyAlpha = await raw([0, 128], 1, 1, 2).toColourspace('b-w').png().toBuffer();
    expect((await sharp(greyAlpha).metadata()).channels).toBe(2);
    expect((await square(greyAlpha, 1))[0]).toBeCloseTo((127 / 255) * 0.5, 6);
    // Invisible pixels have no colour: red under alpha 0 does not bleed in.
    const bleed = await raw([255, 0, 0, 0, 0, 0, 0, 255], 2, 1, 4).png().toBuffer();
    expect((await square(bleed, 1, 'contain'))[0]).toBeCloseTo(0.5 * 0.25 + 0.5 * 0.5, 6);
  });
});

describe('framing', () => {
  /** 4 × 2: columns black, white, white, black. */
  const wide = () => raw([0, 255, 255, 0, 0, 255, 255, 0], 4, 2, 1).toColourspace('b-w').png().toBuffer();

  it('crops to the centre square for cover and letterboxes on the background for contain', async () => {
    expect([...(await square(await wide(), 2))]).toEqual([1, 1, 1, 1]);
    expect([...(await square(await wide(), 4, 'contain'))]).toEqual(
      [
        [0.5, 0.5, 0.5, 0.5],
        [0, 1, 1, 0],
        [0, 1, 1, 0],
        [0.5, 0.5, 0.5, 0.5],
      ].flat(),
    );
  });

  it('turns all eight EXIF orientations upright', async () => {
    // Stored so that the shown picture is white top left, grey top right, dark bottom left, black bottom right.
    const shown = [255, 188, 99, 0];
    const positions: Record<number, [number, number, number, number]> = {
      // Where each stored pixel (row by row) goes in the shown 2 × 2 picture, from the EXIF standard's definitions.
      1: [0, 1, 2, 3],
      2: [1, 0, 3, 2],
      3: [3, 2, 1, 0],
      4: [2, 3, 0, 1],
      5: [0, 2, 1, 3],
      6: [1, 3, 0, 2],
      7: [3, 1, 2, 0],
      8: [2, 0, 3, 1],
    };
    for (const [orientation, goesTo] of Object.entries(positions)) {
      const stored = goesTo.map((at) => shown[at] as number);
      const pixels = [stored[0], stored[1], stored[2], stored[3]] as number[];
      const large = Uint8Array.from({ length: 32 * 32 }, (_, at) => pixels[(at >> 9) * 2 + ((at % 32) >> 4)] as number);
      const jpeg = await raw(large, 32, 32, 1)
        .toColourspace('b-w')
        .jpeg({ quality: 100 })
        .withMetadata({ orientation: Number(orientation) })
        .toBuffer();
      const upright = await square(jpeg, 2);
      shown.forEach((code, at) => expect(Math.abs((upright[at] as number) - decoded(code))).toBeLessThan(0.02));
    }
  });

  it('tells the size as shown', async () => {
    const jpeg = await raw(new Uint8Array(40 * 20), 40, 20, 1)
      .toColourspace('b-w')
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect(await readPhotograph(jpeg)).toEqual({ widthPx: 20, heightPx: 40, mediaType: 'image/jpeg' });
  });
});

describe('a folder', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'photographs-'));
    await mkdir(path.join(folder, 'inside.png'));
    for (const name of ['10.png', '2.png', 'b.JPG', 'a.jpeg', 'notes.txt', '.hidden.png', 'c.tiff', 'd.webp']) {
      await writeFile(path.join(folder, name), 'x');
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('lists photographs in natural order', async () => {
    const names = (await listImageFiles(folder)).map((file) => path.relative(folder, file));
    expect(names).toEqual(['2.png', '10.png', 'a.jpeg', 'b.JPG', 'c.tiff', 'd.webp']);
  });

  it('says when there is none', async () => {
    await expect(listImageFiles(path.join(folder, 'gone'))).rejects.toThrow(/cannot be opened/);
  });
});
