/**
 * What a built-in twin must show, and what it showed when it was measured. `npm run science -- TWIN --write` keeps both in
 * `models/<twin>/acceptance.json`; the build takes the manifest's rows and the card's section from there.
 */
import { z } from 'zod';
import { sha256 } from '../main/contract/stimuli.ts';
import { twinManifest } from '../main/contract/twins.ts';

/** One row of the acceptance table. In `published` and `source`, `[m]` marks what was not looked up again. */
export type AcceptanceRow = NonNullable<z.infer<typeof twinManifest>['validity']['acceptance']>[number];

export interface AcceptanceFigure {
  /** Name of the file in the package without folder and ending. */
  name: string;
  /** What is shown and what it should be seen against. */
  caption: string;
  svg: string;
}

export interface Acceptance {
  rows: AcceptanceRow[];
  figures: AcceptanceFigure[];
}

/**
 * Every `models/<twin>/testing/science.ts` exports one of these as `acceptance`. One that also exports `parts`, the names of
 * its experiments, makes only those it is asked for.
 */
export type MeasureAcceptance = (parts?: readonly string[]) => Promise<AcceptanceRow[] | Acceptance>;

/** `acceptance.json` */
export const acceptanceFile = z.object({
  /** SHA-256 of the model.onnx that was measured. */
  model: sha256,
  rows: z.array(twinManifest.shape.validity.shape.acceptance.unwrap().element).min(1),
  figures: z.array(z.object({ name: z.string().regex(/^[a-z0-9-]+$/), caption: z.string().min(1) })),
});
export type AcceptanceFile = z.infer<typeof acceptanceFile>;

export const acceptanceName = 'acceptance.json';
export const figurePath = (name: string): string => `figures/${name}.svg`;

/** The line of a card that the section takes the place of. */
export const acceptanceMark = '<!-- acceptance -->';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');

/** The card's section in Markdown: one line per row, then the figures. */
export function acceptanceSection({ rows, figures }: Pick<AcceptanceFile, 'rows' | 'figures'>): string {
  const failed = rows.filter(({ passed }) => !passed).length;
  const lines = rows.map(({ check, published, source, measured, tolerance, passed, n }) =>
    [
      '',
      cell(check),
      cell(source === '' ? published : `${published} (${source})`),
      cell(measured),
      n,
      cell(tolerance),
      passed ? 'yes' : '**no**',
      '',
    ]
      .join(' | ')
      .trim(),
  );
  return [
    `What the twin must show (\`npm run science\`): ${failed === 0 ? `all ${rows.length} rows are met` : `${failed} of ${rows.length} rows are not met`}. [m] marks a published value that was not looked up in its paper.`,
    '',
    '| check | published | measured | n | must be | met |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
    ...figures.flatMap(({ name, caption }) => [
      '',
      `![${name.replaceAll('-', ' ')}](${figurePath(name)})`,
      '',
      `*${caption}*`,
    ]),
  ].join('\n');
}

/** The card with its section; without the mark where nothing was measured yet. Undefined: the card has no place for it. */
export function withAcceptance(card: string, accepted: AcceptanceFile | null): string | undefined {
  if (accepted === null) return card.replace(`${acceptanceMark}\n\n`, '');
  const line = `\n${acceptanceMark}\n`;
  if (card.split(line).length !== 2) return undefined;
  return card.replace(line, () => `\n${acceptanceSection(accepted)}\n`);
}
