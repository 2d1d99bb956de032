/** The design editor's text fields and the design they describe. Pure. */
import type { StimulusDesign } from '../../../main/contract/stimuli.ts';
import { parseFactorList } from './factorList.ts';

export type DesignType = Exclude<StimulusDesign['type'], 'images' | 'list'>;
type FactorialType = Exclude<DesignType, 'noise' | 'tsr1' | 'tsr1v'>;

export interface FactorField {
  readonly key: string;
  /** Where the form keeps its text, if not under `key`: types that begin with other levels keep their own. */
  readonly text?: string;
  readonly label: string;
  readonly unit: string;
  /** What the field starts with. */
  readonly initial: string;
  readonly limits: { readonly min?: number; readonly max?: number; readonly above?: number };
}

const orientation: FactorField = {
  key: 'orientationDeg',
  label: 'Orientation',
  unit: '°',
  initial: '0:22.5:157.5',
  limits: {},
};
const frequency: FactorField = {
  key: 'spatialFrequencyCpd',
  label: 'Spatial frequency',
  unit: 'cpd',
  initial: '0.75 1.5 3 6',
  limits: { above: 0 },
};
const phase: FactorField = { key: 'phaseDeg', label: 'Phase', unit: '°', initial: '0:90:270', limits: {} };
const contrast: FactorField = {
  key: 'contrast',
  label: 'Contrast',
  unit: 'Michelson',
  initial: '1',
  limits: { min: 0, max: 1 },
};
const diameter: FactorField = {
  key: 'diameterDeg',
  label: 'Diameter',
  unit: '°',
  initial: '4',
  limits: { above: 0 },
};
const direction: FactorField = { key: 'directionDeg', label: 'Direction', unit: '°', initial: '0:30:330', limits: {} };
const temporal: FactorField = {
  key: 'temporalFrequencyHz',
  label: 'Temporal frequency',
  unit: 'Hz',
  initial: '2 4 8',
  limits: { min: 0 },
};
const driftPhase: FactorField = { ...phase, text: 'driftPhaseDeg', initial: '0' };
const position = { unit: '°', initial: '0', limits: { min: -90, max: 90 } };

export const factorFields: Record<FactorialType, readonly FactorField[]> = {
  gratings: [orientation, frequency, phase, contrast, diameter],
  gabors: [
    orientation,
    frequency,
    phase,
    contrast,
    { key: 'sigmaDeg', label: 'Envelope SD', unit: '°', initial: '0.5', limits: { above: 0 } },
    { key: 'xDeg', label: 'Position x', ...position },
    { key: 'yDeg', label: 'Position y', ...position },
  ],
  'drifting-gratings': [direction, frequency, temporal, driftPhase, contrast, diameter],
  'counterphase-gratings': [
    orientation,
    frequency,
    temporal,
    { ...phase, text: 'counterphaseDeg', initial: '0 90' },
    contrast,
    diameter,
  ],
  // Defaults after Smith et al. (2005): 12 directions, 120° between components of contrast .5.
  'drifting-plaids': [
    direction,
    { key: 'plaidAngleDeg', label: 'Between components', unit: '°', initial: '120', limits: { above: 0, max: 179 } },
    { ...frequency, text: 'plaidFrequencyCpd', initial: '1.5' },
    { ...temporal, text: 'plaidFrequencyHz', initial: '4' },
    driftPhase,
    {
      key: 'componentContrast',
      label: 'Contrast',
      unit: 'each',
      initial: '0.5',
      limits: { min: 0, max: 0.5 },
    },
    diameter,
  ],
  // Coherences after Britten et al. (1992).
  'random-dots': [
    { ...direction, text: 'dotDirectionDeg', initial: '0 180' },
    { key: 'speedDegPerS', label: 'Speed', unit: '°/s', initial: '5', limits: { min: 0 } },
    {
      key: 'coherence',
      label: 'Coherence',
      unit: '0 … 1',
      initial: '0 0.032 0.064 0.128 0.256 0.512 1',
      limits: { min: 0, max: 1 },
    },
    { key: 'dotDiameterDeg', label: 'Dot diameter', unit: '°', initial: '0.15', limits: { above: 0 } },
    contrast,
    diameter,
  ],
};

/** Where the form keeps a factor's text. */
export const textKey = ({ key, text }: FactorField): string => text ?? key;

export interface DesignForm {
  readonly type: DesignType;
  /** Text of every factor, by key; shared between types where a factor has the same key. */
  readonly factors: Readonly<Record<string, string>>;
  readonly blank: boolean;
  readonly edgeDeg: number;
  readonly xDeg: number;
  readonly yDeg: number;
  readonly aspectRatio: number;
  readonly noise: {
    readonly n: number;
    readonly spectrum: 'white' | 'pink';
    readonly contrastRms: number;
    readonly diameterDeg: number;
    readonly seed: number;
  };
  readonly dots: {
    /** Samples of every combination. */
    readonly n: number;
    readonly dotsPerDeg2: number;
    readonly lifetimeS: number;
    readonly seed: number;
  };
  /** Of the reference sets. */
  readonly half: 'A' | 'B' | 'all';
}

export const initialForm: DesignForm = {
  type: 'gratings',
  factors: Object.fromEntries(
    Object.values(factorFields).flatMap((fields) => fields.map((field) => [textKey(field), field.initial])),
  ),
  blank: true,
  edgeDeg: 0.25,
  xDeg: 0,
  yDeg: 0,
  aspectRatio: 1,
  noise: { n: 64, spectrum: 'pink', contrastRms: 0.2, diameterDeg: 8, seed: 0 },
  dots: { n: 5, dotsPerDeg2: 4, lifetimeS: 0.2, seed: 0 },
  half: 'all',
};

/** Whether a design is factors and their levels. */
export const isFactorial = (type: DesignType): type is FactorialType => type in factorFields;

/** Kinds of stimuli that the editor offers, by whether they stand still. */
export const kinds: Record<'still' | 'moving', readonly { value: DesignType; label: string }[]> = {
  still: [
    { value: 'gratings', label: 'Gratings' },
    { value: 'gabors', label: 'Gabors' },
    { value: 'noise', label: 'Noise' },
    { value: 'tsr1', label: 'TSR-1' },
  ],
  moving: [
    { value: 'drifting-gratings', label: 'Drifting' },
    { value: 'counterphase-gratings', label: 'Counterphase' },
    { value: 'drifting-plaids', label: 'Plaids' },
    { value: 'random-dots', label: 'Dots' },
    { value: 'tsr1v', label: 'TSR-1V' },
  ],
};

export const kindOf = (type: DesignType): 'still' | 'moving' =>
  kinds.moving.some(({ value }) => value === type) ? 'moving' : 'still';

export interface FormResult {
  /** Null while any field cannot be read. */
  readonly design: StimulusDesign | null;
  /** A sentence per field that cannot be read, by factor key. */
  readonly problems: Readonly<Record<string, string>>;
  /** Levels per factor that can be read. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Reads the form; every field that cannot be read has its sentence. */
export function readForm(form: DesignForm): FormResult {
  const { blank, edgeDeg, xDeg, yDeg } = form;
  if (form.type === 'noise') {
    return { design: { type: 'noise', ...form.noise, edgeDeg, xDeg, yDeg, blank }, problems: {}, counts: {} };
  }
  if (form.type === 'tsr1' || form.type === 'tsr1v') {
    return { design: { type: form.type, half: form.half, blank }, problems: {}, counts: {} };
  }
  const problems: Record<string, string> = {};
  const levels: Record<string, number[]> = {};
  for (const field of factorFields[form.type]) {
    const parsed = parseFactorList(form.factors[textKey(field)] ?? '', field.limits);
    if ('problem' in parsed) problems[field.key] = parsed.problem;
    else levels[field.key] = [...parsed.levels];
  }
  const counts = Object.fromEntries(Object.entries(levels).map(([key, list]) => [key, list.length]));
  if (Object.keys(problems).length > 0) return { design: null, problems, counts };
  return { design: factorialDesign(form, form.type, levels), problems, counts };
}

function factorialDesign(form: DesignForm, type: FactorialType, levels: Record<string, number[]>): StimulusDesign {
  const { blank, edgeDeg, xDeg, yDeg } = form;
  const of = (key: string): number[] => levels[key] ?? [];
  const place = { edgeDeg, xDeg, yDeg, blank };
  const bars = {
    spatialFrequencyCpd: of('spatialFrequencyCpd'),
    phaseDeg: of('phaseDeg'),
    diameterDeg: of('diameterDeg'),
  };
  const orientationDeg = of('orientationDeg');
  const directionDeg = of('directionDeg');
  const temporalFrequencyHz = of('temporalFrequencyHz');
  const contrast = of('contrast');
  switch (type) {
    case 'gratings':
      return { type, factors: { orientationDeg, contrast, ...bars }, ...place };
    case 'gabors': {
      const { spatialFrequencyCpd, phaseDeg } = bars;
      const spots = { sigmaDeg: of('sigmaDeg'), xDeg: of('xDeg'), yDeg: of('yDeg') };
      const factors = { orientationDeg, spatialFrequencyCpd, phaseDeg, contrast, ...spots };
      return { type, factors, aspectRatio: form.aspectRatio, blank };
    }
    case 'drifting-gratings':
      return { type, factors: { directionDeg, temporalFrequencyHz, contrast, ...bars }, ...place };
    case 'counterphase-gratings':
      return { type, factors: { orientationDeg, temporalFrequencyHz, contrast, ...bars }, ...place };
    case 'drifting-plaids': {
      const both = { plaidAngleDeg: of('plaidAngleDeg'), componentContrast: of('componentContrast') };
      return { type, factors: { directionDeg, temporalFrequencyHz, ...both, ...bars }, ...place };
    }
    case 'random-dots': {
      const { diameterDeg } = bars;
      const dots = {
        speedDegPerS: of('speedDegPerS'),
        coherence: of('coherence'),
        dotDiameterDeg: of('dotDiameterDeg'),
      };
      return { type, factors: { directionDeg, ...dots, contrast, diameterDeg }, ...form.dots, ...place };
    }
  }
}
