/** Finding twins in the library: the same words in the workbench's filters and on the command line. */
import type { TwinSummary } from '../contract/twins.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { isNonCommercial, licenceStated } from './trust.ts';

export interface TwinFilter {
  /** Every word must be said of the twin: title, id, summary, species, areas, authors, modality, licence. */
  readonly text?: string | undefined;
  readonly species?: string | undefined;
  /** V1 finds V1-simple too. */
  readonly area?: string | undefined;
  readonly modality?: string | undefined;
  /** Part of an SPDX expression, or `non-commercial`, or `not stated`. */
  readonly licence?: string | undefined;
  /** A verdict, `none`, or `not checked`. */
  readonly gradient?: string | undefined;
  /** Largest size on disk. */
  readonly maxBytes?: number | undefined;
}

export const licenceWords = { nonCommercial: 'non-commercial', notStated: 'not stated' } as const;
export const gradientWords = ['verified', 'inconclusive', 'contradicted', 'refused', 'none', 'not checked'] as const;

/** Whether the gradient could be relied on here, in one word or two. */
export const gradientWord = ({ gradient, gradientCheck }: TwinSummary): (typeof gradientWords)[number] =>
  gradientCheck?.verdict ?? (gradient === 'none' ? 'none' : 'not checked');

const fold = (text: string): string => text.trim().toLowerCase();
const saysAll = (said: string, wanted: string): boolean => {
  const folded = fold(said);
  return fold(wanted)
    .split(/\s+/)
    .every((word) => folded.includes(word));
};

const hasArea = ({ areas }: TwinSummary, wanted: string): boolean =>
  areas.some(({ name, colourOf, label }) =>
    [name, colourOf ?? '', label, name.split(/[-_ ]/)[0] ?? ''].some((each) => fold(each) === fold(wanted)),
  );

function hasLicence(twin: TwinSummary, wanted: string): boolean {
  if (fold(wanted) === licenceWords.nonCommercial) return isNonCommercial(twin);
  if (fold(wanted) === licenceWords.notStated) return !licenceStated(twin);
  return licenceStated(twin) && saysAll(twin.licence, wanted);
}

const everythingSaid = (twin: TwinSummary): string =>
  [
    twin.title,
    twin.id,
    twin.summary,
    twin.species,
    twin.modality,
    twin.licence,
    ...twin.areas.flatMap(({ name, label }) => [name, label]),
    ...twin.authors,
  ].join(' ');

export const twinMatches = (twin: TwinSummary, filter: TwinFilter): boolean =>
  saysAll(everythingSaid(twin), filter.text ?? '') &&
  saysAll(twin.species, filter.species ?? '') &&
  saysAll(twin.modality, filter.modality ?? '') &&
  (filter.area === undefined || hasArea(twin, filter.area)) &&
  (filter.licence === undefined || hasLicence(twin, filter.licence)) &&
  (filter.gradient === undefined || fold(gradientWord(twin)) === fold(filter.gradient)) &&
  (filter.maxBytes === undefined || twin.sizeBytes <= filter.maxBytes);

/** What each filter can be set to in this library, in the order people read. */
export function filterChoices(
  twins: readonly TwinSummary[],
): Record<'species' | 'area' | 'modality' | 'licence' | 'gradient', string[]> {
  const sorted = (values: Iterable<string>): string[] =>
    [...new Set(values)]
      .filter((value) => value !== '')
      .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const found = new Set<string>(twins.map(gradientWord));
  return {
    species: sorted(twins.map(({ species }) => species)),
    area: sorted(twins.flatMap(({ areas }) => areas.map(({ name, colourOf }) => colourOf ?? name))),
    modality: sorted(twins.map(({ modality }) => modality)),
    licence: [
      ...sorted(twins.filter(licenceStated).map(({ licence }) => licence)),
      ...(twins.some(isNonCommercial) ? [licenceWords.nonCommercial] : []),
      ...(twins.every(licenceStated) ? [] : [licenceWords.notStated]),
    ],
    gradient: gradientWords.filter((word) => found.has(word)),
  };
}

const unitBytes: Record<string, number> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };

/** '20 MB', '1.5GB' or a number of bytes → bytes, in decimal units as sizes are shown. Throws 'bad-input'. */
export function parseSize(text: string): number {
  const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const bytes = unitBytes[unit.toLowerCase()];
  if (digits === '' || bytes === undefined) {
    throw new TwinscopeError(
      'bad-input',
      `"${text}" is no size. Nothing was changed. Give a number with B, kB, MB or GB, such as 20MB.`,
    );
  }
  return Number(digits) * bytes;
}
