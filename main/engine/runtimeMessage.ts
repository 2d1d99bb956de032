/** What ONNX Runtime and its providers say, fit for a sentence. */

const mostLetters = 300;
/** A place in its sources and the function there, with its arguments or without. */
const place = String.raw`\/\S+\.(?:cc|h):\d+ `;
/** Lines of a stack, as Dawn writes them. */
const stackLine = /^\s+at \S.*\(.*\)\s*$/;

/**
 * The message without places in sources, stacks and paths, as the end of a sentence and without a full stop. It quotes
 * names of the file, which may hold any bytes, line breaks among them.
 */
export function saidBy(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const said = message
    .split('\n')
    .filter((line) => !stackLine.test(line))
    .join(' ')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replaceAll(new RegExp(`${place}(?:(?!${place}).)*? was false\\. `, 'g'), '')
    .replaceAll(new RegExp(`${place}(?:\\S.*?\\) |\\S+ ?)`, 'g'), '')
    .replaceAll(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
    .replace(/^Load model from .*? failed: ?/, '')
    .slice(0, mostLetters)
    .replace(/[.\s]+$/, '');
  return said === '' ? 'no reason was given' : said;
}
