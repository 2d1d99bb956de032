/** Which stimulus stands at which row of an array, as a table beside it. */
import { createHash } from 'node:crypto';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import { missing, writeCsv, type Cell } from '../../protocols/csv.ts';
import { designCount, labelAt, parametersOf, specAt, stimulusHash } from '../../stimuli/design.ts';

const head = ['row', 'label', 'type', 'sha256'];
/** How every such table begins. */
export const firstColumns = head.join(',');

/** `orientationDeg` → `orientation_deg`. */
const columnOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * One line for every stimulus of a design: its row (from 0), label, type, the hash of its description, and every
 * parameter that a stimulus of the design has ('n/a' where this one has none), of images of the reference set also what
 * their number stands for. `files`: the file of each, as the last column. `outside`: why each lies outside what the twin
 * was tested with, or null, as the column `tested_domain`.
 */
export function stimulusTable(
  design: StimulusDesign,
  { files = [], outside = [] }: { files?: readonly string[]; outside?: readonly (string | null)[] } = {},
): string {
  const specs = Array.from({ length: designCount(design) }, (_, index) => specAt(design, index));
  const keys = [...new Set(specs.flatMap((spec) => Object.keys(parametersOf(spec))))];
  const rows = specs.map((spec, index): Cell[] => {
    const values: Partial<Record<string, Cell>> = parametersOf(spec);
    const described = [index, labelAt(design, index), spec.type, stimulusHash(spec)];
    const domain = outside.slice(index, index + 1).map((reason) => reason ?? 'inside');
    return [...described, ...keys.map((key) => values[key] ?? missing), ...domain, ...files.slice(index, index + 1)];
  });
  const last = [...(outside.length === 0 ? [] : ['tested_domain']), ...(files.length === 0 ? [] : ['file'])];
  return writeCsv([...head, ...keys.map(columnOf), ...last], rows);
}

/** The same for an array that came from a file: the hash is that of the row's values as little-endian float32. */
export function arrayTable(file: string, data: Float32Array, rows: number): string {
  const length = rows === 0 ? 0 : data.length / rows;
  return writeCsv(
    head,
    Array.from({ length: rows }, (_, row) => {
      const values = data.subarray(row * length, (row + 1) * length);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      return [row, `${file}[${row}]`, 'array', createHash('sha256').update(bytes).digest('hex')];
    }),
  );
}
