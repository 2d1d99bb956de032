/** Colours with fixed meanings: one per area on every page, from Okabe and Ito's colour-blind-safe set. */
import { interpolateViridis } from 'd3';

const okabeIto: Record<string, string> = {
  retina: '#999999',
  V1: '#0072B2',
  V2: '#56B4E9',
  V4: '#E69F00',
  IT: '#D55E00',
  MT: '#CC79A7',
  auditory: '#009E73',
};
/** Okabe–Ito has one colour that no area owns; two darker relatives keep hashed areas apart from it. */
const others = ['#B8A800', '#6B5B00', '#7A4A8F', '#3E6B5B'];

/** An area's fixed colour. `colourOf` names the area whose colour a subdivision borrows, e.g. V1 for V1-simple. */
export function areaColour(area: string, colourOf?: string): string {
  const known = okabeIto[colourOf ?? area] ?? okabeIto[area.split(/[-_ ]/)[0] ?? area];
  if (known !== undefined) return known;
  let hash = 0;
  for (let index = 0; index < area.length; index++) hash = (hash * 31 + area.charCodeAt(index)) >>> 0;
  return others[hash % others.length] as string;
}

/** Shades of one colour for the subdivisions of an area, in the order they are listed: told apart by dash and mark too. */
export const subdivisionDash = (index: number): string | undefined =>
  ['', '5 3', '2 2', '7 2 2 2'][index % 4] || undefined;

export const viridis = interpolateViridis;
export const ink = 'currentColor';
export const quietOpacity = 0.55;
export const gridOpacity = 0.12;
