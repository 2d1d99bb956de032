/** Protocols: what a plan's items stand for, expansion into trials, export. */
import type { ProtocolItem, ProtocolPlan } from '../contract/plans.ts';
import type { Control, ExpandedProtocol } from '../contract/results.ts';
import { TwinscopeError } from '../platform/errors.ts';
import type { Project } from '../projects/node/project.ts';
import type { SearchRow } from '../projects/rows.ts';
import { expandProtocol, type ProtocolStimulusInput } from '../protocols/expand.ts';
import { designCount, labelAt, specAt, specLabel, stimulusHash } from '../stimuli/design.ts';
import { nearestName } from '../contract/validate.ts';
import { createStimulusService, thumbnailPath } from './stimulusService.ts';

/** A protocol shows at most this many different stimuli; each becomes two files in an export. */
const mostStimuli = 20_000;

export async function expandPlan(project: Project, plan: ProtocolPlan): Promise<ExpandedProtocol> {
  const stimuli: ProtocolStimulusInput[] = [];
  for (const item of plan.items) {
    stimuli.push(...(await inputsOf(project, item)));
    if (stimuli.length > mostStimuli) {
      throw new TwinscopeError(
        'bad-input',
        `This protocol would show more than ${mostStimuli.toLocaleString('en')} different stimuli. Nothing was made. Choose smaller sets.`,
      );
    }
  }
  return expandProtocol({ plan, stimuli });
}

async function inputsOf(project: Project, item: ProtocolItem): Promise<ProtocolStimulusInput[]> {
  if ('search' in item) return searchInputs(await findSearch(project, item.search), item);
  const { design, name } = await createStimulusService(project).resolve(item.stimuli);
  const inputs: ProtocolStimulusInput[] = [];
  for (let i = 0; i < Math.min(designCount(design), mostStimuli + 1); i++) {
    const spec = specAt(design, i);
    // Blanks are trials of their own (blanksPerBlock), not stimuli.
    if (spec.type === 'blank') continue;
    inputs.push({
      label: labelAt(design, i),
      condition: name,
      spec,
      sha256: stimulusHash(spec),
      thumbnail: thumbnailPath(spec),
    });
  }
  return inputs;
}

function searchInputs(search: SearchRow, item: Extract<ProtocolItem, { search: string }>): ProtocolStimulusInput[] {
  if (search.report === null) {
    throw new TwinscopeError(
      'conflict',
      `The search ${search.name} is not finished, so it has no candidates yet. Resume it, then add it to the protocol.`,
    );
  }
  const inputs: ProtocolStimulusInput[] = search.report.candidates.slice(0, item.candidates).map((candidate) => ({
    label: `${search.name} candidate ${candidate.rank}`,
    condition: `candidates of ${search.name}`,
    spec: candidate.spec,
    sha256: candidate.sha256,
    thumbnail: candidate.thumbnail,
  }));
  if (!item.controls) return inputs;
  for (const control of search.report.controls) {
    if (control.spec === null || control.sha256 === null || control.thumbnail === null) continue;
    inputs.push({
      label: `${search.name} ${control.kind} ${control.kind === 'random' ? '' : specLabel(control.spec)}`.trim(),
      condition: `control: ${controlNames[control.kind]}`,
      spec: control.spec,
      sha256: control.sha256,
      thumbnail: control.thumbnail,
    });
  }
  return inputs;
}

/** Short enough for a column of a table; the report has the whole description. */
const controlNames: Record<Control['kind'], string> = {
  random: 'random',
  'best-of-set': 'best image',
  'best-grating': 'best grating',
};

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
