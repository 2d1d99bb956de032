/** Smallest and largest luminance of stimuli whose description does not tell it. */
import sharp from 'sharp';
import { srgbToLinear } from '../../stimuli/encode.ts';

/** Of a grey sRGB picture (a thumbnail), in linear light with white at 1; exact to the picture's 8 bits. */
export async function luminanceOfPicture(png: Uint8Array): Promise<{ min: number; max: number }> {
  const { channels } = await sharp(png).stats();
  const [grey] = channels;
  return { min: srgbToLinear((grey?.min ?? 0) / 255), max: srgbToLinear((grey?.max ?? 255) / 255) };
}
