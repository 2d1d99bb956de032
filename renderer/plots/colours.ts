/** Colours with fixed meanings: one per area on every page, from Okabe and Ito's colour-blind-safe set. */
import { interpolateViridis } from 'd3';

/** Of each family the area's own colour first, then tones for its subdivisions, apart in lightness for every eye. */
const families: Record<string, readonly string[]> = {
  retina: ['#999999', '#7B7B7B', '#C2C2C2', '#5E5E5E'],
  V1: ['#0072B2', '#7C9BEA', '#005078'],
  V2: ['#56B4E9', '#2D86B8', '#A6DBFA'],
  V4: ['#E69F00', '#805600', '#F7D27A'],
  IT: ['#D55E00', '#983F00', '#F5A46B'],
  MT: ['#CC79A7', '#8F4472', '#EBBBD6'],
  auditory: ['#009E73', '#00664A', '#62CFAF'],
};
/** Okabe–Ito has one colour that no area owns; two darker relatives keep hashed areas apart from it. */
const others = ['#B8A800', '#6B5B00', '#7A4A8F', '#3E6B5B'];

/** A second sign beside the colour, in the order of the tones. */
export const areaMarks = ['circle', 'square', 'diamond', 'triangle'] as const;
export type AreaMark = (typeof areaMarks)[number];

export interface AreaStyle {
  readonly colour: string;
  readonly mark: AreaMark;
  /** Of lines and outlines: the same sign where there is no room for a mark; undefined for a whole line. */
  readonly dash: string | undefined;
}

/** Place within the family of the populations that have a usual name. */
const places: Record<string, number> = {
  simple: 0,
  complex: 1,
  component: 0,
  pattern: 1,
  'midget-on': 0,
  'midget-off': 1,
  'parasol-on': 2,
  'parasol-off': 3,
};

function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (hash * 31 + text.charCodeAt(index)) >>> 0;
  return hash;
}

/**
 * How an area looks on every page, whatever stands beside it. `colourOf` names the area whose colour a subdivision
 * borrows, e.g. V1 for V1-simple. A name of one word is the area itself; one of several is a part of it, with a tone and a
 * mark that follow from its name alone.
 */
export function areaStyle(area: string, colourOf?: string): AreaStyle {
  const words = area.split(/[-_ ]+/);
  const family = families[colourOf ?? area] ?? families[words[0] as string];
  const styled = (colour: string, place: number): AreaStyle => ({
    colour,
    mark: areaMarks[place % areaMarks.length] as AreaMark,
    dash: subdivisionDash(place),
  });
  if (family === undefined) return styled(others[hashOf(area) % others.length] as string, 0);
  if (words.length === 1) return styled(family[0] as string, 0);
  const part = (families[words[0] as string] === family ? words.slice(1) : words).join('-').toLowerCase();
  const place = places[part];
  if (place !== undefined) return styled(family[place % family.length] as string, place);
  const hash = hashOf(part);
  // The mark comes from other bits, so that parts that meet in a tone seldom meet in the mark.
  return styled(family[hash % family.length] as string, (hash >>> 8) % areaMarks.length);
}

/** What the outline of a receptive field takes of it. */
export const outlineOf = ({ colour, dash }: AreaStyle): Pick<AreaStyle, 'colour' | 'dash'> => ({ colour, dash });

export const areaColour = (area: string, colourOf?: string): string => areaStyle(area, colourOf).colour;

/** Lines of one colour, told apart by their dashes. */
export const subdivisionDash = (index: number): string | undefined =>
  ['', '5 3', '2 2', '7 2 2 2'][index % 4] || undefined;

export const viridis = interpolateViridis;
export const ink = 'currentColor';
export const quietOpacity = 0.55;
export const gridOpacity = 0.12;
