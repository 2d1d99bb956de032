/** The thorough check of a project: structure, references, and every content hash computed again. */
import type { Database } from 'better-sqlite3';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import type { CheckReport, SearchFindings } from '../rows.ts';
import { sha256Of } from './media.ts';
import { findings } from './owner.ts';
import { imagesOf, rastersOf } from './sets.ts';

export function checkProject(database: Database, runHash: (id: string) => string): CheckReport {
  const problems: string[] = [];
  const checked = { images: 0, arrays: 0, runs: 0, sets: 0, searches: 0 };

  /** A damaged page makes a step fail; the others are still worth doing. */
  function attempt(what: string, step: () => void): void {
    try {
      step();
    } catch (error) {
      problems.push(`${what} could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  function checkContent(table: 'images' | 'arrays', noun: string): Set<string> {
    const known = new Set<string>();
    attempt(`The ${table}`, () => {
      const rows = database.prepare<[], { sha256: string; bytes: Buffer }>(`SELECT sha256, bytes FROM ${table}`);
      for (const { sha256, bytes } of rows.iterate()) {
        known.add(sha256);
        checked[table] += 1;
        if (sha256Of(bytes) !== sha256) problems.push(`The ${noun} ${sha256} is altered.`);
      }
    });
    return known;
  }

  attempt('The file', () => {
    for (const finding of findings(database, 'quick_check')) problems.push(`The file is damaged: ${finding}.`);
    for (const finding of findings(database, 'integrity_check')) problems.push(`The file is damaged: ${finding}.`);
    const orphans = database.pragma('foreign_key_check') as { table: string }[];
    if (orphans.length > 0) problems.push(`${orphans.length} rows of ${orphans[0]?.table} belong to nothing.`);
  });
  const images = checkContent('images', 'image');
  const arrays = checkContent('arrays', 'stimulus raster');

  /** How many of the pictures a design shows the project does not hold. */
  function missingFrom(design: StimulusDesign): number {
    return (
      imagesOf(design).filter((sha256) => !images.has(sha256)).length +
      rastersOf(design).filter((sha256) => !arrays.has(sha256)).length
    );
  }

  attempt('The stimulus sets', () => {
    const sets = database.prepare<[], { name: string; design: string }>('SELECT name, design FROM sets').all();
    for (const { name, design } of sets) {
      checked.sets += 1;
      const missing = missingFrom(JSON.parse(design) as StimulusDesign);
      if (missing > 0) problems.push(`The stimulus set "${name}" lacks ${missing} of its pictures.`);
    }
  });

  attempt('The runs', () => {
    const runs = database
      .prepare<[], { id: string; name: string; contentSha256: string | null }>(
        'SELECT id, name, contentSha256 FROM runs',
      )
      .all();
    for (const { id, name, contentSha256 } of runs) {
      checked.runs += 1;
      attempt(`The responses of run "${name}"`, () => {
        const found = runHash(id);
        if (contentSha256 !== null && found !== contentSha256) {
          problems.push(`The responses of run "${name}" are not the ones that were stored.`);
        }
      });
    }
  });

  attempt('The searches', () => {
    const searches = database
      .prepare<[], { name: string; report: string | null }>('SELECT name, report FROM searches')
      .all();
    for (const { name, report } of searches) {
      checked.searches += 1;
      if (report === null) continue;
      const { candidates, controls } = JSON.parse(report) as SearchFindings;
      const stimuli = [...candidates, ...controls].flatMap(({ spec }) => (spec === null ? [] : [spec]));
      const missing = missingFrom({ type: 'list', stimuli });
      if (missing > 0) problems.push(`The search "${name}" lacks ${missing} of its stimuli.`);
    }
  });

  // The two structural checks often say the same thing.
  const distinct = [...new Set(problems)];
  return { ok: distinct.length === 0, problems: distinct, checked };
}
