/** The tables and documents of exported protocols, as text. */
import type { ExpandedProtocol, ProtocolStimulus } from '../contract/results.ts';
import type { Measured } from './measure.ts';
import { missing, writeCsv, type Cell } from './csv.ts';

const columns = (names: string): string[] => names.split(' ');

/** File name, without extension, of the background picture that blank trials show. */
export const blankName = 'blank';

/** What one stimulus became in an exported folder. */
export interface ExportedPicture {
  stimulus: ProtocolStimulus | null;
  name: string;
  /** Side of the picture on the display, in display pixels. */
  displayPx: number;
  /** Side of the linear array, in samples; null where none is written. */
  linearPx: number | null;
  /** Fraction of the picture's pixels that ask for more or less light than the display has. */
  clipped: number;
  /** Null for the background picture. */
  measured: Measured | null;
}

export const pngPath = (name: string): string => `png/${name}.png`;
export const npyPath = (name: string): string => `npy/${name}.npy`;

const trialStimulus = (protocol: ExpandedProtocol, stimulus: number | null): { name: string; condition: string } =>
  stimulus === null ? { name: blankName, condition: 'blank' } : (protocol.stimuli[stimulus] as ProtocolStimulus);

const seconds = (frames: number, refreshHz: number): number => Math.round((frames / refreshHz) * 1e6) / 1e6;

/** `trials.csv` of a bundle: one row per trial in the order of presentation; frames and trials count from 0. */
export function bundleTrials(protocol: ExpandedProtocol): string {
  const { refreshHz } = protocol.display;
  return writeCsv(
    columns('trial block stimulus condition onset_frame stimulus_frames blank_frames onset_s duration_s png npy'),
    protocol.trials.map((trial) => {
      const { name, condition } = trialStimulus(protocol, trial.stimulus);
      return [
        trial.index,
        trial.block,
        name,
        condition,
        trial.onsetFrame,
        trial.durationFrames,
        trial.blankFrames,
        seconds(trial.onsetFrame, refreshHz),
        seconds(trial.durationFrames, refreshHz),
        pngPath(name),
        trial.stimulus === null ? missing : npyPath(name),
      ];
    }),
  );
}

const specColumns = [
  ['orientation_deg', 'orientationDeg'],
  ['spatial_frequency_cpd', 'spatialFrequencyCpd'],
  ['phase_deg', 'phaseDeg'],
  ['contrast', 'contrast'],
  ['contrast_rms', 'contrastRms'],
  ['diameter_deg', 'diameterDeg'],
  ['sigma_deg', 'sigmaDeg'],
  ['x_deg', 'xDeg'],
  ['y_deg', 'yDeg'],
] as const;

const lightStages = ['asked', 'source', 'screen', 'encoded'] as const;
const rounded = (value: number): number => Number(value.toPrecision(7));

/**
 * `stimuli.csv` of a bundle: one row per stimulus with its files, sizes, mean luminance and RMS contrast (as asked for,
 * as found or drawn, on the display's pixels, and after encoding) and parameters ('n/a' where it has none).
 */
export function bundleStimuli(pictures: readonly ExportedPicture[]): string {
  return writeCsv(
    [
      ...columns('stimulus condition type png npy extent_deg display_px linear_px clipped_fraction'),
      ...lightStages.flatMap((stage) => [`${stage}_mean_luminance`, `${stage}_contrast_rms`]),
      ...specColumns.map(([column]) => column),
    ],
    pictures.flatMap(({ stimulus, name, displayPx, linearPx, clipped, measured }): Cell[][] => {
      if (stimulus === null) return [];
      const spec: Record<string, unknown> = stimulus.spec;
      return [
        [
          name,
          stimulus.condition,
          stimulus.spec.type,
          pngPath(name),
          npyPath(name),
          stimulus.sizeDeg,
          displayPx,
          linearPx ?? missing,
          Math.round(clipped * 1e6) / 1e6,
          ...lightStages.flatMap((stage): Cell[] => {
            const light = measured?.[stage] ?? null;
            return light === null ? [missing, missing] : [rounded(light.meanLuminance), rounded(light.contrastRms)];
          }),
          ...specColumns.map(([, key]) => (typeof spec[key] === 'number' ? spec[key] : missing)),
        ],
      ];
    }),
  );
}

/** PsychoPy's own constant for centimetres per degree per centimetre of distance. */
const psychopyCmPerDeg = 0.017455;

/** The size in PsychoPy's 'deg' at which a picture covers exactly `displayPx` pixels of the planned display. */
export function psychopyDeg(displayPx: number, display: ExpandedProtocol['display']): number {
  return (displayPx * display.widthCm) / display.widthPx / (display.distanceCm * psychopyCmPerDeg);
}

export const conditionColumns = columns(
  'trial_index block_index stimulus_name condition_name image_file is_blank onset_frame ' +
    'pre_frames stimulus_frames blank_frames size_deg size_px extent_deg',
);

/** `conditions.csv` for PsychoPy: the expanded trial list, to be read in this order and only once. */
export function psychopyConditions(protocol: ExpandedProtocol, pictures: readonly ExportedPicture[]): string {
  const byName = new Map(pictures.map((picture) => [picture.name, picture]));
  let block = -1;
  return writeCsv(
    conditionColumns,
    protocol.trials.map((trial) => {
      const pre = trial.block === block ? 0 : protocol.plan.timing.preBlockFrames;
      block = trial.block;
      const { name, condition } = trialStimulus(protocol, trial.stimulus);
      const picture = byName.get(name) as ExportedPicture;
      return [
        trial.index,
        trial.block,
        name,
        condition,
        `images/${name}.png`,
        trial.stimulus === null ? 1 : 0,
        trial.onsetFrame,
        pre,
        trial.durationFrames,
        trial.blankFrames,
        Number(psychopyDeg(picture.displayPx, protocol.display).toFixed(6)),
        picture.displayPx,
        picture.stimulus?.sizeDeg ?? 1,
      ];
    }),
  );
}
