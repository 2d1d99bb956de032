/** From the answers about a bare model to the manifest and the card of its package. */
import { graphChange, type ModelAnswers, type ModelInspection } from '../contract/bareModels.ts';
import type { StimulusInput, TwinManifest } from '../contract/twins.ts';
import { commerceOf } from './trust.ts';

/** Shown of an unanswered question while the answers are being given. */
const unanswered = 'not stated';

const said = (value: string | null): string => value?.trim() || unanswered;
/** The key with what was answered, or no key. */
const only = <K extends string>(key: K, value: string | null): { [key in K]?: string } =>
  value === null || value.trim() === '' ? {} : ({ [key]: value.trim() } as { [key in K]?: string });

/** The licences as answered; SPDX has a word for those that are not. */
export const licencesOf = ({ licences: { code, weights, data } }: Pick<ModelAnswers, 'licences'>) => ({
  code: code?.trim() || 'NOASSERTION',
  weights: weights?.trim() || 'NOASSERTION',
  data: data?.trim() || 'NOASSERTION',
});

type Known = Pick<ModelInspection, 'picture' | 'areas' | 'opset' | 'deterministic'>;

/**
 * The manifest, without the hashes of files. Questions that are still open (`openQuestions`) are filled with 'not stated';
 * sizes and degrees that are open with 1.
 */
export function manifestOf(model: Known, answers: ModelAnswers): Omit<TwinManifest, 'files'> {
  const change = graphChange(
    model,
    answers.areas.map(({ tensor }) => tensor),
  );
  const areas = answers.areas.map((area) => ({
    ...area,
    name: area.name?.trim() || area.tensor,
    units: model.areas.find(({ tensor }) => tensor === area.tensor)?.units ?? 1,
  }));
  const licences = licencesOf(answers);
  const commercialUse = commerceOf({ licences, commercialUse: answers.commercialUse });
  return {
    format: 1,
    id: answers.id ?? 'unnamed',
    version: answers.version ?? '0.0.0',
    title: said(answers.title),
    summary: said(answers.summary),
    authors: answers.authors,
    references: answers.references.map(({ text, doi }) => ({ text, ...only('doi', doi ?? null) })),
    source: { ...only('url', answers.source.url), ...only('revision', answers.source.revision) },
    licences,
    // What nobody has said is left out.
    ...(commercialUse === null ? {} : { commercialUse }),
    species: said(answers.species),
    subjects: [],
    modality: said(answers.modality),
    recording: said(answers.recording),
    responseUnits: said(answers.responseUnits),
    areas: areas.map((area) => ({
      name: area.name,
      label: area.label?.trim() || area.name,
      ...only('atlas', area.atlas),
      ...only('hemisphere', area.hemisphere),
      units: area.units,
      ...only('colourOf', area.colourOf),
    })),
    inputs: [pictureInput(model.picture, answers.picture, change?.picture ?? model.picture.tensor)],
    outputs: areas.map((area) => ({
      tensor: change?.areas.get(area.tensor) ?? area.tensor,
      area: area.name,
      ...only('layer', area.layer),
      axes: [
        { name: 'batch', size: null },
        { name: 'unit', size: area.units },
      ],
    })),
    commitments: areas.flatMap(({ tensor, name, basis }) =>
      basis === null || basis.trim() === '' ? [] : [{ layer: tensor, area: name, basis: basis.trim() }],
    ),
    capabilities: { inputGradient: 'derived', deterministic: model.deterministic, opset: model.opset },
    validity: { domains: [], knownFailures: answers.knownFailures },
  };
}

function pictureInput(
  { channels, channelsLast, sizePx }: ModelInspection['picture'],
  answers: ModelAnswers['picture'],
  tensor: string,
): StimulusInput {
  const size = sizePx ?? answers.sizePx ?? 1;
  const sides = [
    { name: 'height', size },
    { name: 'width', size },
  ];
  const colours = { name: 'channel', size: channels };
  const { encoding, range, mean, std, fieldOfViewDeg, background } = answers;
  return {
    tensor,
    role: 'stimulus',
    axes: [{ name: 'batch', size: null }, ...(channelsLast ? [...sides, colours] : [colours, ...sides])],
    dtype: 'float32',
    range: range ?? [0, 1],
    encoding: encoding ?? 'srgb',
    ...(mean === null ? {} : { mean }),
    ...(std === null ? {} : { std }),
    fieldOfViewDeg: fieldOfViewDeg ?? 1,
    background,
  };
}

const notStated = 'Not stated by whoever imported the model.';

/** The card of a model that came without one: what was answered, and that the rest was not. */
export function cardOf(model: ModelInspection, manifest: Omit<TwinManifest, 'files'>): string {
  const { licences, source } = manifest;
  const list = (items: readonly string[]): string =>
    items.length === 0 ? notStated : items.map((item) => `- ${item}`).join('\n');
  const sections: [string, string][] = [
    ['Intended use', notStated],
    ['Training data', `Recordings: ${manifest.recording}.`],
    ['Evaluation', notStated],
    ['Limits', list(manifest.validity.knownFailures)],
    ['Licence', `Weights ${licences.weights}, code ${licences.code}, data ${licences.data}.`],
    [
      'Citation',
      list(manifest.references.map(({ text, doi }) => (doi === undefined ? text : `${text} https://doi.org/${doi}`))),
    ],
    ['Origin', originOf(model, manifest, source)],
  ];
  const front = ['---', `license: ${JSON.stringify(licences.weights)}`, 'library_name: onnx', '---'];
  const body = sections.map(([title, text]) => `## ${title}\n\n${text}`);
  return `${[front.join('\n'), `# ${manifest.title}`, manifest.summary, ...body].join('\n\n')}\n`;
}

function originOf(
  { file, producer, documentation, metadata, notices }: ModelInspection,
  { outputs }: Omit<TwinManifest, 'files'>,
  source: TwinManifest['source'],
): string {
  const added = outputs.filter(({ tensor }) => tensor.startsWith('twinscope.')).map(({ tensor }) => `\`${tensor}\``);
  const lines = [
    `Imported from the bare graph \`${file}\`${producer === '' ? '' : `, exported by ${producer}`}.`,
    ...(source?.url === undefined
      ? []
      : [`Source: ${source.url}${source.revision === undefined ? '' : ` (${source.revision})`}.`]),
    ...(added.length === 0 ? [] : [`Outputs added to the author's graph: ${added.join(', ')}.`]),
    ...notices.filter((notice) => notice.includes('batch is opened')),
    ...(documentation.trim() === '' ? [] : [`The file says: ${documentation.trim()}`]),
    ...metadata.map(({ key, value }) => `- ${key}: ${value.slice(0, 500)}`),
  ];
  return lines.join('\n');
}

/** Answers that follow from the file's own words, from its name, and from what every picture model has in common. */
export function proposeAnswers(
  file: string,
  {
    documentation,
    metadata,
    areas,
    outputs,
  }: Pick<ModelInspection, 'documentation' | 'metadata' | 'areas' | 'outputs'>,
): ModelAnswers {
  const noted = new Map(metadata.map(({ key, value }) => [key.toLowerCase(), value.trim()]));
  const note = (...keys: string[]): string | null => {
    const found = keys.map((key) => noted.get(key)).find((value) => value !== undefined && value !== '');
    return found ?? null;
  };
  const stem = file.replace(/\.onnx$/i, '');
  const id = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64);
  const version = note('version', 'model_version');
  const author = note('author', 'authors');
  return {
    id: id.length >= 2 ? id : null,
    version: version !== null && /^\d+\.\d+\.\d+$/.test(version) ? version : '1.0.0',
    title: note('title', 'name', 'model_name') ?? stem,
    summary: note('summary', 'description') ?? (documentation.trim() || null),
    species: note('species'),
    modality: 'vision, static pictures',
    recording: note('recording'),
    responseUnits: note('responseunits', 'response_units'),
    picture: {
      sizePx: null,
      fieldOfViewDeg: numberIn(note('fieldofviewdeg', 'field_of_view_deg')),
      encoding: null,
      range: null,
      mean: numbersIn(note('mean')),
      std: numbersIn(note('std')),
      background: 0.5,
    },
    areas: outputs
      .map(({ name }) => name)
      // Which of them can be areas is not known before the size of the pictures is.
      .filter((name) => areas.length === 0 || areas.some(({ tensor, output }) => output && tensor === name))
      .map((tensor) => ({
        tensor,
        name: null,
        label: null,
        atlas: null,
        hemisphere: null,
        colourOf: null,
        layer: null,
        basis: null,
      })),
    licences: { weights: note('license', 'licence'), code: null, data: null },
    commercialUse: null,
    authors: author === null ? [] : [author],
    source: { url: note('source', 'url', 'homepage'), revision: note('revision') },
    references: [],
    knownFailures: [],
  };
}

const numberIn = (text: string | null): number | null => {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
};

/** '[0.485, 0.456, 0.406]' or '0.5 0.5 0.5'. */
function numbersIn(text: string | null): number[] | null {
  const values = (text ?? '')
    .split(/[\s,;[\]()]+/)
    .filter(Boolean)
    .map(Number);
  return (values.length === 1 || values.length === 3) && values.every(Number.isFinite) ? values : null;
}
