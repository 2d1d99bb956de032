/** Protocols: what a plan's items stand for, pinned and expanded into trials when it is saved, and kept like that. */
import {
  type Aperture,
  endsInPixels,
  type ProtocolItem,
  type ProtocolPlan,
  type SearchPlan,
} from '../contract/plans.ts';
import type { ExpandedProtocol, StimulusSource } from '../contract/results.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { nearestName } from '../contract/validate.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { canonicalJson } from '../platform/hash.ts';
import { formatCount, plural } from '../platform/words.ts';
import type { Project } from '../projects/node/project.ts';
import type { ProtocolRow, SearchRow } from '../projects/rows.ts';
import { expandProtocol, type ProtocolStimulusInput } from '../protocols/expand.ts';
import { patternExtentDeg } from '../protocols/extent.ts';
import { luminanceOfPicture } from '../protocols/node/luminance.ts';
import { apertureOf } from '../stimuli/aperture.ts';
import { controlTitle } from '../stimuli/controlWords.ts';
import {
  describeDesign,
  designCount,
  labelAt,
  specAt,
  specLabel,
  stimuliHash,
  stimulusHash,
} from '../stimuli/design.ts';
import { isMoving } from '../stimuli/motion.ts';
import { decodeNpy } from '../stimuli/npy.ts';
import { range } from '../stimuli/statistics.ts';
import { createStimulusService, thumbnailPath } from './stimulusService.ts';

/** A protocol shows at most this many different stimuli; each becomes two files in an export. */
const mostStimuli = 20_000;

/**
 * The trials of a plan as the project stands now. The plan that comes back is pinned: it names sets and searches by id
 * and has the photographs of a folder written out by their hashes, so that a new name, a later search of the same name
 * or a moved folder cannot make it another protocol.
 */
export async function expandPlan(project: Project, plan: ProtocolPlan): Promise<ExpandedProtocol> {
  const stimuli: ProtocolStimulusInput[] = [];
  const items: ProtocolItem[] = [];
  const searchPlans: Record<string, SearchPlan> = {};
  for (const item of plan.items) {
    if ('search' in item) {
      const search = await findSearch(project, item.search);
      items.push({ ...item, search: search.id });
      stimuli.push(...searchInputs(search, item));
      searchPlans[search.id] = search.plan;
    } else {
      const pinned = await setInputs(project, item);
      items.push(pinned.item);
      stimuli.push(...pinned.inputs);
    }
    refuseMoreThan(mostStimuli, stimuli.length);
  }
  refuseMoving(stimuli);
  return expandProtocol({
    plan: { ...plan, items },
    stimuli: await withPixels(project, stimuli),
    ...(Object.keys(searchPlans).length === 0 ? {} : { searchPlans }),
  });
}

function refuseMoreThan(most: number, stimuli: number): void {
  if (stimuli <= most) return;
  throw new TwinscopeError(
    'bad-input',
    `This protocol would show more than ${formatCount(mostStimuli)} different stimuli. Nothing was made. Choose smaller sets.`,
  );
}

/** A protocol shows a picture for as long as a trial lasts; of a moving stimulus that would be its first frame. */
function refuseMoving(stimuli: readonly ProtocolStimulusInput[]): void {
  const moving = stimuli.filter(({ spec }) => isMoving(spec));
  const [first] = moving;
  if (first === undefined) return;
  throw new TwinscopeError(
    'bad-input',
    `A protocol shows still pictures so far, and ${plural(moving.length, 'stimulus', 'stimuli')} of “${first.condition}” ` +
      `${moving.length === 1 ? 'moves' : 'move'}. Nothing was made. Choose stimuli that stand still.`,
  );
}

/** A protocol as it was saved, trial by trial; nothing in it is looked up again. */
export async function savedProtocol(project: Project, row: ProtocolRow): Promise<ExpandedProtocol> {
  const expanded = row.expanded ?? (await expandPlan(project, row.plan));
  return { ...expanded, id: row.id, name: row.name };
}

type Range = { min: number; max: number };
/** What only the pixels tell. */
type Measured = { luminance: Range; patternDeg?: number };

/** Pictures are looked at once per project, because a preview asks again with every change. */
const knownPictures = new WeakMap<Project, Map<string, Measured>>();

/** Drawing photographs takes time; an export looks at every pixel of every picture in any case. */
const mostPicturesMeasured = 300;

const pictureTypes: ReadonlySet<StimulusSpec['type']> = new Set(['image', 'noise', 'tsr1']);

/** What a protocol stands on. */
const background = 0.5;

/**
 * Adds what only the pixels tell: the range of luminance and how far the pattern reaches of every stored raster, the range
 * of photographs, noise and the reference set (at most 300, evenly over the list) as their thumbnails show them.
 */
async function withPixels(
  project: Project,
  inputs: readonly ProtocolStimulusInput[],
): Promise<ProtocolStimulusInput[]> {
  const known = knownPictures.get(project) ?? new Map<string, Measured>();
  knownPictures.set(project, known);
  const stimuli = createStimulusService(project);
  const measure = async (spec: StimulusSpec): Promise<Measured> => {
    if (spec.type !== 'raster')
      return { luminance: await luminanceOfPicture(await stimuli.thumbnail(canonicalJson(spec))) };
    const { data, shape } = decodeNpy(await project.arrays.bytes(spec.arraySha256));
    const { sizeDeg } = spec;
    const patternDeg = patternExtentDeg({ data, sizePx: shape[0] as number, sizeDeg }, background);
    return { luminance: range(data), patternDeg };
  };
  const pictures = inputs.filter(({ spec }) => pictureTypes.has(spec.type));
  const every = Math.max(1, Math.ceil(pictures.length / mostPicturesMeasured));
  const looked = new Set(pictures.filter((_, index) => index % every === 0));
  const result: ProtocolStimulusInput[] = [];
  for (const input of inputs) {
    if (input.spec.type === 'raster' || looked.has(input)) {
      const measured = known.get(input.sha256) ?? (await measure(input.spec));
      known.set(input.sha256, measured);
      result.push({ ...input, ...measured });
    } else {
      result.push(input);
    }
  }
  return result;
}

async function setInputs(
  project: Project,
  item: Extract<ProtocolItem, { stimuli: unknown }>,
): Promise<{ item: ProtocolItem; inputs: ProtocolStimulusInput[] }> {
  const ref = item.stimuli;
  const set = 'set' in ref ? await project.sets.getByNameOrId(ref.set) : null;
  const { design, name } = set ?? (await createStimulusService(project).resolve(ref));
  const count = designCount(design);
  // One more may be the set's blank.
  refuseMoreThan(mostStimuli + 1, count);
  const source: StimulusSource = {
    type: 'set',
    setId: set?.id ?? null,
    name,
    description: describeDesign(design),
    stimuliSha256: set?.stimuliSha256 ?? stimuliHash(design),
  };
  const inputs: ProtocolStimulusInput[] = [];
  for (let i = 0; i < count; i++) {
    const spec = specAt(design, i);
    // Blanks are trials of their own (blanksPerBlock), not stimuli.
    if (spec.type === 'blank') continue;
    inputs.push({
      label: labelAt(design, i),
      condition: name,
      spec,
      sha256: stimulusHash(spec),
      thumbnail: thumbnailPath(spec),
      source,
    });
  }
  if (set !== null) return { item: { stimuli: { set: set.id } }, inputs };
  return { item: 'imageFolder' in ref ? { stimuli: { design, name } } : item, inputs };
}

function searchInputs(search: SearchRow, item: Extract<ProtocolItem, { search: string }>): ProtocolStimulusInput[] {
  const { report, plan } = search;
  if (report === null) {
    throw new TwinscopeError(
      'conflict',
      `The search ${search.name} is not finished, so it has no candidates yet. Resume it, then add it to the protocol.`,
    );
  }
  const best = report.candidates[0]?.spec;
  const { plan: _, ...provenance } = search.provenance;
  type Role = Extract<StimulusSource, { type: 'search' }>['role'];
  const source = (role: Role, objective: number, spec: StimulusSpec): StimulusSource => ({
    type: 'search',
    searchId: search.id,
    searchName: search.name,
    searchContentSha256: search.contentSha256,
    role,
    objective,
    constraints: endsInPixels(plan) ? plan.constraints : null,
    aperture: measuredIn(plan, spec, best),
    provenance,
  });
  const inputs: ProtocolStimulusInput[] = report.candidates
    .slice(0, item.candidates)
    .map(({ rank, start, objective, spec, sha256, thumbnail }) => ({
      // What it is comes first: file names keep the beginning of a long label.
      label: `candidate ${rank} ${search.name}`,
      condition: `candidates of ${search.name}`,
      spec,
      sha256,
      thumbnail,
      source: source({ kind: 'candidate', rank, start }, objective, spec),
    }));
  if (!item.controls) return inputs;
  for (const control of report.controls) {
    const { spec, sha256, thumbnail, kind, label, n } = control;
    if (spec === null || sha256 === null || thumbnail === null) continue;
    const name = controlTitle(control);
    inputs.push({
      label: `${name} ${spec.type === 'raster' ? '' : `${specLabel(spec)} `}${search.name}`,
      condition: `control: ${name}`,
      spec,
      sha256,
      thumbnail,
      source: source({ kind: 'control', control: kind, label, n }, control.best, spec),
    });
  }
  return inputs;
}

/** The aperture that mean and RMS contrast of a search stimulus belong to; null for the whole field. */
function measuredIn(plan: SearchPlan, spec: StimulusSpec, best: StimulusSpec | undefined): Aperture | null {
  if (endsInPixels(plan)) return plan.constraints.aperture ?? null;
  // Controls without an aperture of their own were matched to the best candidate in its aperture.
  const matched = spec.type === 'raster' && best !== undefined ? best : spec;
  return apertureOf(matched) ?? null;
}

/** By id, or the newest complete search of this name. */
export async function findSearch(project: Project, nameOrId: string): Promise<SearchRow> {
  const searches = await project.searches.list();
  const found =
    searches.find(({ id }) => id === nameOrId) ??
    searches.findLast(({ name, state }) => name === nameOrId && state === 'complete') ??
    searches.findLast(({ name }) => name === nameOrId);
  if (found === undefined) {
    const near = nearestName(
      nameOrId,
      searches.map(({ name }) => name),
    );
    throw new TwinscopeError(
      'not-found',
      `This project has no search called ${nameOrId}${near === null ? '' : `; did you mean ${near}`}. Nothing was changed.`,
    );
  }
  return project.searches.get(found.id);
}
