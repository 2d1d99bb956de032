/**
 * Names and table cells that survive every file system and every reader.
 *
 * File names: ASCII letters, digits, '_' and '-', starting with a letter, unique without regard to case, never one of
 * the names Windows reserves. Table cells: PsychoPy evaluates cells that start with '[' (and '(' in spreadsheets) and
 * turns numeric-looking strings into numbers, pandas turns words such as 'NA' into missing values, and spreadsheets
 * evaluate cells that start with '=', '+', '-' or '@'. No exported string may be any of these.
 */

const reservedOnWindows = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/i;

/** Words that pandas (and so PsychoPy) reads as a missing value or as a truth value, in lower case. */
const readAsSomethingElse = new Set([
  '',
  ...'na n/a #n/a #na -nan nan null none <na> -1.#ind -1.#qnan 1.#ind 1.#qnan'.split(' '),
  ...'true false inf -inf +inf infinity -infinity +infinity'.split(' '),
]);

/** What `float()` of Python accepts after PsychoPy has replaced commas by points; digits may be grouped by '_'. */
const looksNumeric = /^[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[+-]?\d[\d_]*)?$/i;

/** True when a reader would keep `text` exactly as it stands: letters first, printable ASCII, one line. */
export function isSafeCell(text: string): boolean {
  return (
    /^[A-Za-z][ -~]*$/.test(text) &&
    !text.includes('\\') &&
    !looksNumeric.test(text.replaceAll(',', '.')) &&
    !readAsSomethingElse.has(text.trim().toLowerCase())
  );
}

/** True for a file name (without folder) that every file system keeps as it is. */
export function isSafeFileName(name: string): boolean {
  const stem = name.split('.')[0] ?? '';
  return /^[A-Za-z][A-Za-z0-9_-]*(\.[a-z0-9]+)?$/.test(name) && name.length <= 100 && !reservedOnWindows.test(stem);
}

/** The letters, digits, '_' and '-' of a label; accents are dropped, µ and ° are spelt, everything else becomes '_'. */
function plain(label: string): string {
  return label
    .replaceAll('°', 'deg')
    .replaceAll('µ', 'u')
    .replaceAll('×', 'x')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/(\d)\.(\d)/g, '$1p$2')
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^[_-]+|[_-]+$/g, '');
}

/**
 * One file name (without extension) per label, in the same order: 's', the position with as many digits as the list
 * needs, and what can be kept of the label. The position makes them unique also where case is not distinguished.
 */
export function stimulusNames(labels: readonly string[]): string[] {
  const digits = Math.max(3, String(labels.length).length);
  return labels.map((label, index) => {
    const rest = plain(label)
      .slice(0, 48)
      .replace(/[_-]+$/g, '');
    const number = String(index + 1).padStart(digits, '0');
    return rest === '' ? `s${number}` : `s${number}_${rest}`;
  });
}

/** A condition name that every table reader keeps: the label itself when it is safe, otherwise 'c_' and what is left. */
export function safeCondition(label: string): string {
  const trimmed = label.trim();
  if (isSafeCell(trimmed) && trimmed.length <= 100) return trimmed;
  const kept = plain(trimmed).slice(0, 80);
  return kept === '' ? 'c_unnamed' : `c_${kept}`;
}
