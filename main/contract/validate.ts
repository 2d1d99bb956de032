/** Checks documents against their schema and says what is wrong in one sentence, naming the key that was meant. */
import { z } from 'zod';
import { TwinscopeError } from '../platform/errors.ts';

/**
 * `value` as the schema's output, or TwinscopeError('bad-input') with one sentence. `what` starts that sentence, e.g.
 * 'The plan' or 'The request sets.get'.
 */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = [...new Set(faultsOf(schema, result.error.issues, value, []))];
  const shown = faults.slice(0, 3).join('; ');
  const more = faults.length > 3 ? `; and ${faults.length - 3} more` : '';
  throw new TwinscopeError('bad-input', `${what} cannot be used: ${shown}${more}.`, { faults });
}

/** The candidate that `name` most likely meant, or null when none is close. */
export function nearestName(name: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}

type Path = readonly PropertyKey[];

/** One clause per issue. `schema` and `value` are what the issues' paths are relative to; `at` is where that stands. */
function faultsOf(schema: z.ZodType, issues: readonly z.core.$ZodIssue[], value: unknown, at: Path): string[] {
  // A misspelt key is told first, and explains the missing one.
  const meant = new Set(misspelt(schema, issues, value).map(({ path }) => written(path)));
  return issues
    .toSorted((a, b) => Number(b.code === 'unrecognized_keys') - Number(a.code === 'unrecognized_keys'))
    .filter((issue) => issue.code === 'unrecognized_keys' || !meant.has(written(issue.path)))
    .flatMap((issue) => {
      const path = [...at, ...issue.path];
      const inside = schemasAt(schema, issue.path, value);
      const given = valueAt(value, issue.path);
      if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, keysOf(inside)));
      if (issue.code === 'invalid_union' && issue.errors.length > 0) {
        const options = inside.flatMap((each) => optionsOf(each));
        const chosen = likeliest(options, issue.errors, given);
        return faultsOf(options[chosen] ?? z.unknown(), issue.errors[chosen] ?? [], given, path);
      }
      if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
        const unions = schemasAt(schema, issue.path.slice(0, -1), value);
        return [
          `${named(path)} ${choice(
            unions.flatMap((union) => kindsOf(union, String(issue.discriminator))),
            given,
          )}`,
        ];
      }
      return [`${named(path)} ${clause(issue, given)}`];
    });
}

/** The unknown keys that are close to a known one, with the path that was meant. */
function misspelt(schema: z.ZodType, issues: readonly z.core.$ZodIssue[], value: unknown): { path: Path }[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const known = keysOf(schemasAt(schema, issue.path, value));
    return issue.keys.flatMap((key) => {
      const near = nearestName(key, known);
      return near === null ? [] : [{ path: [...issue.path, near] }];
    });
  });
}

/** Of the ways a union was refused, the one that got furthest: a misspelt key beats a wrong shape. */
function likeliest(
  options: readonly z.ZodType[],
  branches: readonly (readonly z.core.$ZodIssue[])[],
  value: unknown,
): number {
  const costs = branches.map((issues, index) => {
    const cost = issues.reduce((sum, issue) => {
      if (issue.code === 'unrecognized_keys') return sum + issue.keys.length;
      // A constant that does not match, or a missing key, says that another shape was meant.
      const wrongShape = issue.path.length <= 1 && (issue.code === 'invalid_value' || issue.code === 'invalid_type');
      return sum + (wrongShape ? 3 : 1);
    }, 0);
    return cost - 3 * misspelt(options[index] ?? z.unknown(), issues, value).length;
  });
  return costs.indexOf(Math.min(...costs));
}

function unknownKey(key: string, path: Path, known: readonly string[]): string {
  const place = path.length > 0 ? `“${written(path)}” has an unknown key “${key}”` : `it has an unknown key “${key}”`;
  const near = nearestName(key, known);
  if (near !== null) return `${place}, the nearest name is “${near}”`;
  return known.length > 0 ? `${place}, the keys are ${known.join(', ')}` : place;
}

function clause(issue: z.core.$ZodIssue, given: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return given === undefined
        ? 'is missing'
        : `must be ${nouns[issue.expected] ?? issue.expected}, not ${shown(given)}`;
    case 'invalid_value':
      return choice(issue.values.map(String), given);
    case 'too_small':
      return `must ${bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`;
    case 'too_big':
      return `must ${bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`;
    case 'invalid_union':
      return given === undefined ? 'is missing' : `is ${shown(given)}, which is none of the known kinds`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    default:
      return issue.message.replace(/^Invalid input: /, '').replace(/\.$/, '');
  }
}

function choice(values: readonly string[], given: unknown): string {
  if (given === undefined) return `is missing; it must be ${listed(values)}`;
  const near = typeof given === 'string' && values.length > 1 ? nearestName(given, values) : null;
  return `must be ${listed(values)}, not ${shown(given)}${near === null ? '' : `; the nearest is “${near}”`}`;
}

const nouns: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'string') return `have ${relation} ${limit} character${limit === 1 ? '' : 's'}`;
  if (origin === 'array' || origin === 'set') return `hold ${relation} ${limit} item${limit === 1 ? '' : 's'}`;
  return `be ${relation} ${limit}`;
}

function listed(values: readonly string[]): string {
  const quoted = values.map((value) => `“${value}”`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

function shown(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = typeof value === 'string' ? `“${value}”` : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function written(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

function named(path: Path): string {
  return path.length === 0 ? 'it' : `“${written(path)}”`;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inside, key) => (inside as Record<PropertyKey, unknown> | undefined | null)?.[key],
    value,
  );
}

/** The schema with its wrappers (optional, default, pipes …) taken off. */
function bare(schema: z.ZodType): z.ZodType {
  const definition = schema.def as { innerType?: z.ZodType; in?: z.ZodType; getter?: () => z.ZodType };
  const inner = definition.innerType ?? definition.in ?? definition.getter?.();
  return inner === undefined ? schema : bare(inner);
}

function optionsOf(schema: z.ZodType): z.ZodType[] {
  const inside = bare(schema);
  return inside instanceof z.ZodUnion ? (inside.options as z.ZodType[]) : [];
}

/** The constants that tell the options of a union apart. */
function kindsOf(union: z.ZodType, key: string): string[] {
  return optionsOf(union).flatMap((option) => {
    const kind = bare(option) instanceof z.ZodObject ? shapeOf(bare(option))[key] : undefined;
    return kind instanceof z.ZodLiteral ? [...kind.values].map(String) : [];
  });
}

function shapeOf(object: z.ZodType): Record<string, z.ZodType> {
  return object instanceof z.ZodObject ? (object.shape as Record<string, z.ZodType>) : {};
}

/** Every schema that may govern what stands at `path` in `value`; more than one where a union leaves it open. */
function schemasAt(schema: z.ZodType, path: Path, value: unknown): z.ZodType[] {
  const inside = narrowed(bare(schema), value);
  const [key, ...rest] = path;
  if (key === undefined) return [inside];
  const next = (child: z.ZodType | undefined) =>
    child === undefined ? [] : schemasAt(child, rest, valueAt(value, [key]));
  if (inside instanceof z.ZodObject) return next(shapeOf(inside)[String(key)]);
  if (inside instanceof z.ZodArray) return next(inside.element as z.ZodType);
  if (inside instanceof z.ZodRecord) return next(inside.valueType as z.ZodType);
  if (inside instanceof z.ZodTuple) return next((inside.def.items as z.ZodType[])[Number(key)]);
  return optionsOf(inside).flatMap((option) => schemasAt(option, path, value));
}

/** A union that its discriminator settles, as the option it settles on. */
function narrowed(schema: z.ZodType, value: unknown): z.ZodType {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const key = schema.def.discriminator;
  const kind = valueAt(value, [key]);
  const option = optionsOf(schema).find((each) => shapeOf(bare(each))[key]?.safeParse(kind).success === true);
  return option === undefined ? schema : bare(option);
}

function keysOf(schemas: readonly z.ZodType[]): string[] {
  const keys = schemas.flatMap((schema) => [
    ...Object.keys(shapeOf(schema)),
    ...optionsOf(schema).flatMap((option) => keysOf([bare(option)])),
  ]);
  return [...new Set(keys)];
}
