/** Checkpoints as bytes: equal states give equal bytes. A canonical JSON header, then the arrays, little-endian. */
import { TwinscopeError } from '../platform/errors.ts';
import { canonicalJson } from '../platform/hash.ts';

/** The state of one part of a search: small things as JSON, numbers in bulk as arrays. */
export type Saved = { json: unknown; arrays: Record<string, Float32Array | Float64Array> };

const magic = 'twinscope search 1\n';
const alignment = 8;

const aligned = (length: number): number => Math.ceil(length / alignment) * alignment;

export function encodeCheckpoint(saved: Saved): Uint8Array {
  const names = Object.keys(saved.arrays).toSorted();
  const directory = names.map((name) => {
    const array = saved.arrays[name] as Float32Array | Float64Array;
    return { name, type: array instanceof Float32Array ? 'float32' : 'float64', length: array.length };
  });
  const header = new TextEncoder().encode(`${magic}${canonicalJson({ json: saved.json, arrays: directory })}\n`);
  const start = aligned(4 + header.length);
  let size = start;
  for (const name of names) size += aligned((saved.arrays[name] as Float64Array).byteLength);
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = start;
  for (const name of names) {
    const array = saved.arrays[name] as Float32Array | Float64Array;
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += aligned(array.byteLength);
  }
  return bytes;
}

export function decodeCheckpoint(bytes: Uint8Array): Saved {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    const header = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(4, 4 + length));
    if (!header.startsWith(magic)) throw new RangeError('another format');
    const { json, arrays: directory } = JSON.parse(header.slice(magic.length)) as {
      json: unknown;
      arrays: { name: string; type: 'float32' | 'float64'; length: number }[];
    };
    const arrays: Saved['arrays'] = {};
    let at = aligned(4 + length);
    for (const entry of directory) {
      const size = entry.length * (entry.type === 'float32' ? 4 : 8);
      if (at + size > bytes.length) throw new RangeError('cut short');
      const content = bytes.slice(at, at + size).buffer;
      arrays[entry.name] = entry.type === 'float32' ? new Float32Array(content) : new Float64Array(content);
      at += aligned(size);
    }
    return { json, arrays };
  } catch {
    throw new TwinscopeError(
      'corrupt',
      'The checkpoint of this search cannot be read. The plan and earlier results are safe. Start the search again from its plan.',
    );
  }
}

/** Several saved parts as one; their array names are prefixed. */
export function combine(parts: Record<string, Saved>): Saved {
  const json: Record<string, unknown> = {};
  const arrays: Saved['arrays'] = {};
  for (const [name, part] of Object.entries(parts)) {
    json[name] = part.json;
    for (const [key, array] of Object.entries(part.arrays)) arrays[`${name}/${key}`] = array;
  }
  return { json, arrays };
}

export function part(saved: Saved, name: string): Saved {
  const arrays: Saved['arrays'] = {};
  for (const [key, array] of Object.entries(saved.arrays)) {
    if (key.startsWith(`${name}/`)) arrays[key.slice(name.length + 1)] = array;
  }
  return { json: (saved.json as Record<string, unknown>)[name], arrays };
}
