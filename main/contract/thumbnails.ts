/** How much of the visual field a stimulus's small picture shows: its address says so. */

/** Side of the field in degrees where an address says nothing. */
export const usualThumbnailDeg = 8;
/** Pixels across a small picture. */
export const thumbnailPx = 224;

/** Where the frames of a moving stimulus are that has its small picture at this address: one below the other. */
export const clipAddressOf = (address: string): string => address.replace('/resource/thumbnail/', '/resource/clip/');

/** Side of the field that the picture at this address shows, degrees. */
export function thumbnailDegOf(address: string): number {
  const deg = Number(/[?&]deg=([\d.]+)(?:&|$)/.exec(address)?.[1] ?? Number.NaN);
  return deg > 0 && deg <= 360 ? deg : usualThumbnailDeg;
}
