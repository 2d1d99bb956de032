/** Runs: responses of a twin to a stimulus set, stored in tiles together with the checkpoint that produced them. */
import { createHash } from 'node:crypto';
import type { RunPlan } from '../../contract/plans.ts';
import type { Provenance, RunSummary } from '../../contract/results.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import { canonicalJson } from '../../platform/hash.ts';
import { newId } from '../../platform/node/ids.ts';
import type { NewRun, RunArea, RunChunk, RunRow } from '../rows.ts';
import { copyOut, fromBytes, layOver, tilesTouched, tileStimuli, tileUnits, toBytes } from '../tiles.ts';
import { createCheckpointWriter } from './jobs.ts';
import { notFound } from './session.ts';
import type { Session } from './session.ts';

type Stored = RunSummary & {
  key: number;
  jobId: string;
  committed: number;
  plan: string;
  provenance: string;
  areas: string;
  design: string;
};
/** What the tiles of a run are found and judged by; none of it changes while the run lives. */
type Layout = { key: number; id: string; name: string; stimuli: number; areas: RunArea[] };
type Run = Layout & { committed: number };

function read(stored: Stored): RunRow {
  const { key: _, plan, provenance, areas, design, ...row } = stored;
  return {
    ...row,
    plan: JSON.parse(plan) as RunPlan,
    provenance: JSON.parse(provenance) as Provenance,
    areas: JSON.parse(areas) as RunArea[],
    design: JSON.parse(design) as StimulusDesign,
  };
}

export function createRuns(session: Session) {
  const { database, write, now } = session;
  const summary = 'id, name, twinId, twinVersion, setName, stimuli, units, state, contentSha256, createdAt';
  const insert = database.prepare(
    `INSERT INTO runs (id, jobId, name, twinId, twinVersion, setName, stimuli, units, state, createdAt, plan,
       provenance, areas, design)
     VALUES (@id, @jobId, @name, @twinId, @twinVersion, @setName, @stimuli, @units, 'partial', @createdAt, @plan,
       @provenance, @areas, @design)`,
  );
  const insertProgress = database.prepare('INSERT INTO runProgress (runKey, committed) VALUES (?, 0)');
  const whole = 'SELECT runs.*, committed FROM runs JOIN runProgress ON runKey = key';
  const one = database.prepare<[string], Stored>(`${whole} WHERE id = ?`);
  const ofJob = database.prepare<[string], Stored>(`${whole} WHERE jobId = ? ORDER BY key DESC LIMIT 1`);
  const layout = database.prepare<[string], Omit<Layout, 'areas'> & { areas: string }>(
    'SELECT key, id, name, stimuli, areas FROM runs WHERE id = ?',
  );
  const all = database.prepare<[], RunSummary>(`SELECT ${summary} FROM runs ORDER BY key`);
  const committedOf = database.prepare<[number], number>('SELECT committed FROM runProgress WHERE runKey = ?').pluck();
  const setCommitted = database.prepare('UPDATE runProgress SET committed = ? WHERE runKey = ?');
  const setComplete = database.prepare(`UPDATE runs SET state = 'complete', contentSha256 = ? WHERE key = ?`);
  const putProvenance = database.prepare('UPDATE runs SET provenance = ? WHERE id = ?');
  const tile = database
    .prepare<[number, number, number, number], Buffer>(
      'SELECT data FROM tiles WHERE runKey = ? AND area = ? AND unitBlock = ? AND stimulusBlock = ?',
    )
    .pluck();
  const putTile = database.prepare(
    `INSERT INTO tiles (runKey, area, unitBlock, stimulusBlock, data) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (runKey, area, unitBlock, stimulusBlock) DO UPDATE SET data = excluded.data`,
  );
  const saveCheckpoint = createCheckpointWriter(session);

  /** The one asked for last: SQLite reads through plan and provenance to reach the areas, and chunks come in their hundreds. */
  let lastLayout: Layout | null = null;

  function rowOf(id: string): RunRow {
    const stored = one.get(id);
    if (!stored) throw notFound('run', id);
    return read(stored);
  }

  function find(id: string): Run {
    if (lastLayout?.id !== id) {
      const stored = layout.get(id);
      if (!stored) throw notFound('run', id);
      lastLayout = { ...stored, areas: JSON.parse(stored.areas) as RunArea[] };
    }
    const committed = committedOf.get(lastLayout.key);
    if (committed === undefined) throw notFound('run', id);
    return { ...lastLayout, committed };
  }

  function areaOf(run: Run, area: string): { index: number; units: number } {
    const index = run.areas.findIndex((item) => item.area === area);
    if (index < 0) throw notFound(`area in run "${run.name}" named`, area);
    return { index, units: (run.areas[index] as RunArea).units.length };
  }

  function loadTile(run: Run, area: number, unitBlock: number, stimulusBlock: number): Float32Array {
    const bytes = tile.get(run.key, area, unitBlock, stimulusBlock);
    if (!bytes) throw new Error(`Run ${run.id} lacks tile ${area}/${unitBlock}/${stimulusBlock}.`);
    return fromBytes(bytes);
  }

  /** Rows of one block of stimuli, all units of the area, stimulus-major. */
  function loadBlock(run: Run, area: number, units: number, stimulusBlock: number): Float32Array {
    const rows = Math.min(tileStimuli, run.committed - stimulusBlock * tileStimuli);
    const matrix = new Float32Array(rows * units);
    for (const position of tilesTouched(stimulusBlock * tileStimuli, rows, units)) {
      copyOut(loadTile(run, area, position.unitBlock, stimulusBlock), position, rows, matrix, 0, units);
    }
    return matrix;
  }

  /**
   * SHA-256 over one line of JSON (areas with their unit ids, number of stimuli) and then every area's responses in
   * order, stimulus-major float32 little-endian. It does not depend on how the responses were cut into chunks.
   */
  function contentHash(run: Run): string {
    const hash = createHash('sha256');
    const areas = run.areas.map(({ area, units }) => ({ area, units }));
    hash.update(`${canonicalJson({ areas, stimuli: run.committed })}\n`);
    run.areas.forEach(({ units }, area) => {
      for (let block = 0; block * tileStimuli < run.committed; block++) {
        hash.update(toBytes(loadBlock(run, area, units.length, block)));
      }
    });
    return hash.digest('hex');
  }

  return {
    create: (run: NewRun): RunRow =>
      write(() => {
        const id = newId('run');
        const { lastInsertRowid } = insert.run({
          id,
          jobId: run.jobId,
          name: run.name,
          twinId: run.provenance.twin.id,
          twinVersion: run.provenance.twin.version,
          setName: run.setName,
          stimuli: run.stimuli,
          units: run.areas.reduce((sum, { units }) => sum + units.length, 0),
          createdAt: now(),
          plan: canonicalJson(run.plan),
          provenance: canonicalJson(run.provenance),
          areas: canonicalJson(run.areas),
          design: canonicalJson(run.design),
        });
        insertProgress.run(lastInsertRowid);
        return rowOf(id);
      }),

    /**
     * Stores a chunk of responses, the job's checkpoint and its progress in one transaction: when the promise resolves
     * all of it is on the disk, and after a crash either all of it is there or nothing. A chunk may be stored again; a
     * chunk that would leave a gap is refused. What is read and written does not grow with the number of stimuli.
     * Returns how many stimuli the run now holds.
     */
    commitChunk: (chunk: RunChunk): { committed: number } =>
      write(() => {
        const run = find(chunk.runId);
        const { first, count } = chunk;
        if (first > run.committed || first + count > run.stimuli) {
          throw new RangeError(`Stimuli ${first} to ${first + count - 1} do not follow the ${run.committed} stored.`);
        }
        if (chunk.areas.length !== run.areas.length) throw new RangeError('A chunk must hold every area.');
        for (const { area, data } of chunk.areas) {
          const { index, units } = areaOf(run, area);
          if (data.length !== count * units) {
            throw new RangeError(`Area ${area} needs ${count} × ${units} responses and was given ${data.length}.`);
          }
          for (const position of tilesTouched(first, count, units)) {
            const { unitBlock, stimulusBlock } = position;
            const held = tile.get(run.key, index, unitBlock, stimulusBlock);
            const values = layOver(held ? fromBytes(held) : null, position, { first, count, units, data });
            putTile.run(run.key, index, unitBlock, stimulusBlock, toBytes(values));
          }
        }
        const committed = Math.max(run.committed, first + count);
        setCommitted.run(committed, run.key);
        saveCheckpoint(chunk);
        return { committed };
      }),

    /** Replaces the provenance, which grows where memory does not suffice. */
    setProvenance: (id: string, provenance: Provenance): void =>
      write(() => {
        if (putProvenance.run(canonicalJson(provenance), id).changes !== 1) throw notFound('run', id);
      }),

    /** Marks the run complete and stores its content hash. */
    finish: (id: string): RunRow =>
      write(() => {
        const run = find(id);
        if (run.committed !== run.stimuli) {
          throw new RangeError(`Run ${id} holds ${run.committed} of ${run.stimuli} stimuli.`);
        }
        setComplete.run(contentHash(run), run.key);
        return rowOf(id);
      }),

    get: (id: string): RunRow => rowOf(id),
    /** The run a job has made so far, or null. */
    getByJob(jobId: string): RunRow | null {
      const stored = ofJob.get(jobId);
      return stored ? read(stored) : null;
    },
    /** In the order they were made. */
    list: (): RunSummary[] => all.all(),

    /** Responses of an area: committed × units, stimulus-major, in the area's response units. */
    readArea(id: string, area: string): Float32Array {
      const run = find(id);
      const { index, units } = areaOf(run, area);
      const matrix = new Float32Array(run.committed * units);
      for (let block = 0; block * tileStimuli < run.committed; block++) {
        matrix.set(loadBlock(run, index, units, block), block * tileStimuli * units);
      }
      return matrix;
    },

    /**
     * What an area responds on the whole, read tile by tile: a run may be larger than memory. The mean over every
     * committed stimulus and unit, the largest response, and which unit gave it (the first of several). NaN and −∞ while
     * nothing is committed.
     */
    summariseArea(id: string, area: string): { mean: number; largest: number; unitIndex: number } {
      const run = find(id);
      const { index, units } = areaOf(run, area);
      let sum = 0;
      let largest = -Infinity;
      let unitIndex = 0;
      for (const { unitBlock, stimulusBlock, width } of tilesTouched(0, run.committed, units)) {
        loadTile(run, index, unitBlock, stimulusBlock).forEach((value, at) => {
          sum += value;
          const unit = unitBlock * tileUnits + (at % width);
          if (value > largest || (value === largest && unit < unitIndex)) [largest, unitIndex] = [value, unit];
        });
      }
      return { mean: sum / (run.committed * units), largest, unitIndex };
    },

    /** Responses of one unit to every committed stimulus; reads only the tiles that hold it. */
    readUnit(id: string, area: string, unitIndex: number): Float32Array {
      const run = find(id);
      const { index, units } = areaOf(run, area);
      if (!Number.isInteger(unitIndex) || unitIndex < 0 || unitIndex >= units) {
        throw notFound(`unit in area ${area} with index`, String(unitIndex));
      }
      const unitBlock = Math.floor(unitIndex / tileUnits);
      const column = unitIndex - unitBlock * tileUnits;
      const width = Math.min(tileUnits, units - unitBlock * tileUnits);
      const values = new Float32Array(run.committed);
      for (let block = 0; block * tileStimuli < run.committed; block++) {
        const rows = Math.min(tileStimuli, run.committed - block * tileStimuli);
        const held = loadTile(run, index, unitBlock, block);
        for (let row = 0; row < rows; row++) values[block * tileStimuli + row] = held[row * width + column] as number;
      }
      return values;
    },

    /** Recomputes the content hash of what is stored. */
    contentSha256: (id: string): string => contentHash(find(id)),
  };
}
