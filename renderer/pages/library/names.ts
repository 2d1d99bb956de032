/** How twins are named in addresses. */
import type { TwinSummary } from '../../../main/contract/twins.ts';

export const nameOf = ({ id, version }: Pick<TwinSummary, 'id' | 'version'>): string => `${id}@${version}`;

/** The twin that an address means: by id and version, or the first of that id. */
export const twinNamed = (twins: readonly TwinSummary[], name: string): TwinSummary | undefined =>
  twins.find((twin) => nameOf(twin) === name) ?? twins.find(({ id }) => id === name);

/** An address of its own below the library. */
export const compareItem = 'compare';

/** The id where it says enough, so that addresses stay short and outlive a new version. */
export const addressOf = (twins: readonly TwinSummary[], twin: TwinSummary): string =>
  twin.id === compareItem || twins.filter(({ id }) => id === twin.id).length > 1 ? nameOf(twin) : twin.id;

export const comparePath = (a: string, b: string): string => `/library/${compareItem}?${new URLSearchParams({ a, b })}`;
