/** A plan as text: JSON, or YAML that says the same (JSON strings are valid YAML). */

const plainKey = /^[A-Za-z][A-Za-z0-9_-]*$/;
/** Words that YAML would read as something other than text. */
const plainText = /^[A-Za-z][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*$/;
const special = /^(true|false|null|yes|no|on|off|y|n)$/i;

function scalar(value: unknown): string {
  if (typeof value === 'string') {
    return plainText.test(value) && !special.test(value) ? value : JSON.stringify(value);
  }
  return JSON.stringify(value);
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !isList(value);

function lines(value: unknown, indent: string): string[] {
  if (isList(value)) {
    return value.flatMap((item) => {
      if (!isRecord(item) && !isList(item)) return [`${indent}- ${scalar(item)}`];
      const inner = lines(item, `${indent}  `);
      return inner.length === 0
        ? [`${indent}- ${isList(item) ? '[]' : '{}'}`]
        : [`${indent}- ${inner[0]?.trimStart()}`, ...inner.slice(1)];
    });
  }
  if (!isRecord(value)) return [`${indent}${scalar(value)}`];
  return Object.entries(value).flatMap(([key, item]) => {
    if (item === undefined) return [];
    const name = `${indent}${plainKey.test(key) && !special.test(key) ? key : JSON.stringify(key)}:`;
    if (isList(item) && item.every((each) => !isRecord(each) && !isList(each))) {
      return [`${name} [${item.map(scalar).join(', ')}]`];
    }
    if (isRecord(item) || isList(item)) {
      const inner = lines(item, `${indent}  `);
      return inner.length === 0 ? [`${name} ${isList(item) ? '[]' : '{}'}`] : [name, ...inner];
    }
    return [`${name} ${scalar(item)}`];
  });
}

/** The document as YAML, keys in the order in which they stand. */
export const planYaml = (plan: unknown): string => `${lines(plan, '').join('\n')}\n`;
export const planJson = (plan: unknown): string => `${JSON.stringify(plan, null, 2)}\n`;
