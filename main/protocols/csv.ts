/** Comma-separated tables (RFC 4180, LF, a header line), written for and read back from exported folders. */
import { TwinscopeError } from '../platform/errors.ts';
import { isSafeCell } from './names.ts';

export type Cell = string | number;

/** 'n/a' marks a value that does not exist for a row; analysis software reads it as missing. */
export const missing = 'n/a';

function cellText(cell: Cell): string {
  const text = typeof cell === 'number' ? String(cell) : cell;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Refuses columns of other lengths and numbers that are not finite: a table is never written half right. */
export function writeCsv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [columns.join(',')];
  for (const row of rows) {
    if (row.length !== columns.length) throw new RangeError(`A row has ${row.length} cells, not ${columns.length}.`);
    for (const cell of row) {
      if (typeof cell === 'number' && !Number.isFinite(cell)) throw new RangeError(`A table cannot hold ${cell}.`);
    }
    lines.push(row.map(cellText).join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** Reads a table as one record of strings per row. */
export function parseCsv(text: string): { columns: string[]; rows: Record<string, string>[] } {
  const table: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at++;
      } else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === ',' || character === '\n') {
      row.push(cell);
      cell = '';
      if (character === '\n') {
        table.push(row);
        row = [];
      }
    } else if (character !== '\r') cell += character;
  }
  if (quoted) throw new TwinscopeError('corrupt', 'A table ends inside a quoted cell. The file is incomplete.');
  if (cell !== '' || row.length > 0) table.push([...row, cell]);
  const [columns = [], ...body] = table;
  const rows = body.map((cells, index) => {
    if (cells.length !== columns.length) {
      throw new TwinscopeError(
        'corrupt',
        `Row ${index + 1} of a table has ${cells.length} of ${columns.length} cells.`,
      );
    }
    return Object.fromEntries(columns.map((column, at) => [column, cells[at] as string]));
  });
  return { columns, rows };
}

/** Columns whose text would be changed by PsychoPy, pandas or a spreadsheet; numbers and 'n/a' are meant as they are. */
export function unsafeCells(text: string): string[] {
  const { columns, rows } = parseCsv(text);
  const number = /^-?\d+(\.\d+)?(e-?\d+)?$/;
  return columns.filter((column) =>
    rows.some((row) => {
      const cell = row[column] as string;
      return !number.test(cell) && cell !== missing && !isSafeCell(cell);
    }),
  );
}
