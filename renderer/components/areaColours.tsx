/** One look for an area on every page: results name areas alone, their twin says whose colour each of them takes. */
import { createContext, useCallback, useContext, useMemo, type ReactNode } from 'react';
import { useQueryCall } from '../client/hooks.ts';
import { areaStyle, type AreaStyle } from '../plots/colours.ts';

/** The area whose colour an area borrows, by the area's name. */
export type ColoursOf = ReadonlyMap<string, string | undefined>;

export const AreaColours = createContext<ColoursOf>(new Map());

/** Gives what is inside the colours of a twin; of one that has left the library, those that follow from names alone. */
export function AreaColoursOf({ sha256, children }: { sha256: string; children: ReactNode }) {
  const twins = useQueryCall('library.list', {});
  const areas = twins.data?.find((twin) => twin.sha256 === sha256)?.areas;
  const colours = useMemo(() => new Map((areas ?? []).map(({ name, colourOf }) => [name, colourOf])), [areas]);
  return <AreaColours value={colours}>{children}</AreaColours>;
}

export function useAreaStyle(): (area: string) => AreaStyle {
  const colours = useContext(AreaColours);
  return useCallback((area) => areaStyle(area, colours.get(area)), [colours]);
}

export function useAreaColour(): (area: string) => string {
  const style = useAreaStyle();
  return useCallback((area) => style(area).colour, [style]);
}
