/**
 * How responses lie in the project file. An area's responses (stimuli × units) are cut into tiles of up to 256 stimuli
 * × 64 units, so that one unit over a million stimuli reads a few hundred megabytes less than the whole, and a chunk
 * of stimuli touches few rows. The partition into chunks leaves no trace: a tile holds what it covers, nothing else.
 */
export const tileStimuli = 256;
export const tileUnits = 64;

export interface TilePosition {
  unitBlock: number;
  stimulusBlock: number;
  /** Units in this tile: 64, or fewer in the last block of an area. */
  width: number;
}

/** The tiles that stimuli first … first + count − 1 of an area with `units` units touch. */
export function tilesTouched(first: number, count: number, units: number): TilePosition[] {
  const positions: TilePosition[] = [];
  if (count === 0) return positions;
  const last = Math.floor((first + count - 1) / tileStimuli);
  for (let unitBlock = 0; unitBlock * tileUnits < units; unitBlock++) {
    const width = Math.min(tileUnits, units - unitBlock * tileUnits);
    for (let stimulusBlock = Math.floor(first / tileStimuli); stimulusBlock <= last; stimulusBlock++) {
      positions.push({ unitBlock, stimulusBlock, width });
    }
  }
  return positions;
}

/**
 * The tile's values (rows × width, stimulus-major) after a chunk (count × units, stimulus-major) was laid over what it
 * held. The chunk must reach the rows already there or follow them directly.
 */
export function layOver(
  held: Float32Array | null,
  { unitBlock, stimulusBlock, width }: TilePosition,
  chunk: { first: number; count: number; units: number; data: Float32Array },
): Float32Array {
  const from = Math.max(chunk.first, stimulusBlock * tileStimuli);
  const to = Math.min(chunk.first + chunk.count, (stimulusBlock + 1) * tileStimuli);
  const rowOf = (stimulus: number): number => stimulus - stimulusBlock * tileStimuli;
  const heldRows = held === null ? 0 : held.length / width;
  if (rowOf(from) > heldRows) throw new RangeError(`Stimulus ${from} would leave a gap in the responses.`);
  const tile = new Float32Array(Math.max(heldRows, rowOf(to)) * width);
  if (held !== null) tile.set(held);
  for (let stimulus = from; stimulus < to; stimulus++) {
    const at = (stimulus - chunk.first) * chunk.units + unitBlock * tileUnits;
    tile.set(chunk.data.subarray(at, at + width), rowOf(stimulus) * width);
  }
  return tile;
}

/** Copies the first `rows` rows of a tile into rows of a matrix with `units` columns that starts at its block. */
export function copyOut(
  tile: Float32Array,
  { unitBlock, width }: Pick<TilePosition, 'unitBlock' | 'width'>,
  rows: number,
  matrix: Float32Array,
  matrixRow: number,
  units: number,
): void {
  for (let row = 0; row < rows; row++) {
    const at = (matrixRow + row) * units + unitBlock * tileUnits;
    matrix.set(tile.subarray(row * width, (row + 1) * width), at);
  }
}

// Float32Array has the machine's byte order, and every machine Twinscope runs on is little-endian, as the file is.
export const toBytes = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Copies, because bytes out of the database need not be aligned to four. */
export function fromBytes(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}
