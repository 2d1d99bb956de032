/**
 * What the list of twins is narrowed to. It stands in the address, so that the address can be passed on, and is kept
 * while the window is open, so that a look at another page does not lose it.
 */
import { createStore } from '../../client/stores.ts';
import type { TwinFilter } from '../../../main/twins/selection.ts';

const keys = ['text', 'species', 'area', 'modality', 'licence', 'gradient'] as const;
export type FilterKey = (typeof keys)[number];

/** Sizes that the filter offers, in bytes. */
export const sizeSteps: readonly number[] = [1e6, 5e6, 20e6, 100e6, 1e9];

export const keptFilter = createStore<TwinFilter>({});

/** The filter that an address asks for; null where it asks for none. */
export function filterOf(query: URLSearchParams): TwinFilter | null {
  const filter: Partial<Record<FilterKey, string>> & { maxBytes?: number } = {};
  for (const key of keys) {
    const value = query.get(key);
    if (value !== null && value !== '') filter[key] = value;
  }
  const maxBytes = Number(query.get('maxBytes') ?? Number.NaN);
  if (Number.isFinite(maxBytes) && maxBytes > 0) filter.maxBytes = maxBytes;
  return Object.keys(filter).length === 0 ? null : filter;
}

/** As it stands in the address, with its question mark; empty where nothing is asked for. */
export function queryOf(filter: TwinFilter): string {
  const query = new URLSearchParams();
  for (const key of keys) {
    const value = filter[key];
    if (value !== undefined && value !== '') query.set(key, value);
  }
  if (filter.maxBytes !== undefined) query.set('maxBytes', String(filter.maxBytes));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

export const isEmpty = (filter: TwinFilter): boolean => queryOf(filter) === '';
