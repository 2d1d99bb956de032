/** The design editor's text fields and the design they describe. Pure. */
import type { StimulusDesign } from '../../../main/contract/stimuli.ts';
import { parseFactorList } from './factorList.ts';

export type DesignType = 'gratings' | 'gabors' | 'noise' | 'tsr1';
type FactorialType = Exclude<DesignType, 'noise' | 'tsr1'>;

export interface FactorField {
  readonly key: string;
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
const position = { unit: '°', initial: '0', limits: { min: -90, max: 90 } };

export const factorFields: Record<FactorialType, readonly FactorField[]> = {
  gratings: [
    orientation,
    frequency,
    phase,
    contrast,
    { key: 'diameterDeg', label: 'Diameter', unit: '°', initial: '4', limits: { above: 0 } },
  ],
  gabors: [
    orientation,
    frequency,
    phase,
    contrast,
    { key: 'sigmaDeg', label: 'Envelope SD', unit: '°', initial: '0.5', limits: { above: 0 } },
    { key: 'xDeg', label: 'Position x', ...position },
    { key: 'yDeg', label: 'Position y', ...position },
  ],
};

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
  /** Of the reference set TSR-1. */
  readonly half: 'A' | 'B' | 'all';
}

export const initialForm: DesignForm = {
  type: 'gratings',
  factors: Object.fromEntries(
    [...factorFields.gratings, ...factorFields.gabors].map((field) => [field.key, field.initial]),
  ),
  blank: true,
  edgeDeg: 0.25,
  xDeg: 0,
  yDeg: 0,
  aspectRatio: 1,
  noise: { n: 64, spectrum: 'pink', contrastRms: 0.2, diameterDeg: 8, seed: 0 },
  half: 'all',
};

/** Whether a design is factors and their levels. */
export const isFactorial = (type: DesignType): type is FactorialType => type === 'gratings' || type === 'gabors';

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
  if (form.type === 'tsr1') {
    return { design: { type: 'tsr1', half: form.half, blank }, problems: {}, counts: {} };
  }
  const problems: Record<string, string> = {};
  const levels: Record<string, number[]> = {};
  for (const field of factorFields[form.type]) {
    const parsed = parseFactorList(form.factors[field.key] ?? '', field.limits);
    if ('problem' in parsed) problems[field.key] = parsed.problem;
    else levels[field.key] = [...parsed.levels];
  }
  const counts = Object.fromEntries(Object.entries(levels).map(([key, list]) => [key, list.length]));
  if (Object.keys(problems).length > 0) return { design: null, problems, counts };
  const of = (key: string): number[] => levels[key] ?? [];
  const common = {
    orientationDeg: of('orientationDeg'),
    spatialFrequencyCpd: of('spatialFrequencyCpd'),
    phaseDeg: of('phaseDeg'),
    contrast: of('contrast'),
  };
  const design: StimulusDesign =
    form.type === 'gratings'
      ? { type: 'gratings', factors: { ...common, diameterDeg: of('diameterDeg') }, edgeDeg, xDeg, yDeg, blank }
      : {
          type: 'gabors',
          factors: { ...common, sigmaDeg: of('sigmaDeg'), xDeg: of('xDeg'), yDeg: of('yDeg') },
          aspectRatio: form.aspectRatio,
          blank,
        };
  return { design, problems, counts };
}
