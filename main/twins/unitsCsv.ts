/** `units.csv`: one row per unit, in output order within each area (RFC 4180). */
import type { TwinManifest, TwinUnit } from '../contract/twins.ts';
import { TwinscopeError } from '../platform/errors.ts';

const ownColumns = ['unit', 'area', 'x_deg', 'y_deg', 'size_deg'] as const;

const quoted = (cell: string | number | null): string => {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Columns beyond our own are the union of the units' extras, in the order in which they first appear. */
export function formatUnits(units: readonly TwinUnit[]): string {
  const extras = [...new Set(units.flatMap(({ extra }) => Object.keys(extra)))];
  const lines = [[...ownColumns, ...extras]];
  for (const { unit, area, xDeg, yDeg, sizeDeg, extra } of units) {
    lines.push([unit, area, xDeg, yDeg, sizeDeg, ...extras.map((name) => extra[name] ?? '')].map(quoted));
  }
  return `${lines.map((line) => line.join(',')).join('\n')}\n`;
}

function refused(why: string): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `The unit table units.csv of this twin cannot be used: ${why}. Nothing was changed. Correct the table and try again.`,
  );
}

/** More than any table needs; a small archive may hold millions, which would take all memory. */
const mostColumns = 1000;

/** @param mostRows refused as soon as there are more */
function parseCsv(text: string, mostRows: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const endRow = (): void => {
    rows.push([...row, cell]);
    row = [];
    cell = '';
    if (rows.length > mostRows) throw refused(`it has more rows than the ${mostRows - 1} units of the manifest`);
  };
  let cell = '';
  let inQuotes = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (inQuotes) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') {
        cell += '"';
        at++;
      } else inQuotes = false;
    } else if (char === '"') inQuotes = true;
    else if (char === ',') {
      row.push(cell);
      cell = '';
      if (row.length >= mostColumns) throw refused(`it has more than ${mostColumns} columns`);
    } else if (char === '\n') endRow();
    else if (char !== '\r') cell += char;
  }
  if (inQuotes) throw refused('a quoted cell is never closed');
  if (cell !== '' || row.length > 0) endRow();
  return rows;
}

const numeric = (text: string): number | null => {
  const trimmed = text.trim();
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : null;
};

/** Reads the table and checks it against the areas of the manifest: every area complete, unit ids unique within it. */
export function parseUnits(text: string, areas: TwinManifest['areas']): TwinUnit[] {
  const expectedUnits = areas.reduce((sum, area) => sum + area.units, 0);
  const [header, ...rows] = parseCsv(text.replace(/^\uFEFF/, ''), expectedUnits + 1);
  if (header === undefined) throw refused('it is empty');
  const column = new Map(header.map((name, at) => [name.trim(), at]));
  for (const name of ['unit', 'area']) {
    if (!column.has(name)) throw refused(`it has no column "${name}"`);
  }
  const counts = new Map(areas.map(({ name }) => [name, 0]));
  const seen = new Set<string>();
  const extras = [...column.keys()].filter((name) => !(ownColumns as readonly string[]).includes(name));
  const units = rows.map((cells, at): TwinUnit => {
    const line = at + 2;
    if (cells.length !== header.length) {
      throw refused(`line ${line} has ${cells.length} cells and the header has ${header.length}`);
    }
    const value = (name: string): string => cells[column.get(name) ?? -1] ?? '';
    const number = (name: string): number | null => {
      const text = value(name);
      const result = numeric(text);
      if (result === null && text.trim() !== '') throw refused(`line ${line}: "${text}" in ${name} is not a number`);
      return result;
    };
    const area = value('area');
    const index = counts.get(area);
    if (index === undefined) throw refused(`line ${line} names the area "${area}", which the manifest does not have`);
    counts.set(area, index + 1);
    const unit = value('unit');
    if (unit === '' || seen.has(`${area}\n${unit}`))
      throw refused(`line ${line}: the unit id "${unit}" is empty or taken`);
    seen.add(`${area}\n${unit}`);
    return {
      unit,
      area,
      index,
      xDeg: number('x_deg'),
      yDeg: number('y_deg'),
      sizeDeg: number('size_deg'),
      extra: Object.fromEntries(
        extras.filter((name) => value(name) !== '').map((name) => [name, numeric(value(name)) ?? value(name)]),
      ),
    };
  });
  for (const { name, units: expected } of areas) {
    if (counts.get(name) !== expected) {
      throw refused(`the area ${name} has ${expected} units and the table lists ${counts.get(name)}`);
    }
  }
  return units;
}

/** Units of a twin without a table: numbered within each area, without places. */
export function numberedUnits(areas: TwinManifest['areas']): TwinUnit[] {
  return areas.flatMap(({ name, units }) =>
    Array.from({ length: units }, (_, index) => ({
      unit: `u${String(index).padStart(String(units - 1).length, '0')}`,
      area: name,
      index,
      xDeg: null,
      yDeg: null,
      sizeDeg: null,
      extra: {},
    })),
  );
}
