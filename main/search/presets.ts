/**
 * Published procedures as parts of a plan; each stands complete in docs/plans/presets. Luminance 0–1 stands for the
 * sources' 8-bit values 0–255, and objectives are in z where the sources use responses. What could not be read in a
 * paper or in its authors' code is said in `uncertain`.
 */
import type { z } from 'zod';
import type { searchPlan } from '../contract/plans.ts';

export type SearchPreset = {
  id: string;
  title: string;
  citation: string;
  /** What is from memory, or changed so that it suits other twins; null where nothing is. */
  uncertain: string | null;
  plan: Partial<Pick<z.input<typeof searchPlan>, 'objective' | 'constraints' | 'starts'>> &
    Pick<z.input<typeof searchPlan>, 'space' | 'optimiser'>;
};

export const searchPresets: readonly SearchPreset[] = [
  {
    id: 'default',
    title: 'Projected ascent (default)',
    citation: 'Twinscope’s own: docs/decisions/search-ascent.md',
    uncertain: null,
    plan: { space: { type: 'pixels', start: 'pink' }, optimiser: { type: 'gradient', steps: 120 } },
  },
  {
    id: 'walker-2019',
    title: 'Most exciting input',
    citation:
      'Walker et al. 2019, “Inception loops discover what excites neurons most using deep predictive models”, Nat Neurosci 22:2060',
    uncertain:
      'The step is in units of one standard deviation of the source’s photographs, taken as 60 of 255 levels, from memory. The blur is 1.5 pixels of the macaque V1 twin’s raster.',
    plan: {
      space: { type: 'pixels', start: 'white', startMeanLuminance: 0.502, startContrastRms: 0.0625 },
      optimiser: {
        type: 'first-order',
        rule: 'normalised',
        steps: 1000,
        rate: [2.768e-4, 1.153e-5],
        schedule: 'linear',
        blurSigmaDeg: [0.0536, 0.000357],
        preconditionerExponent: 0.1,
        hold: 'at-end',
      },
      constraints: { meanLuminance: 0.4353, contrastRms: 0.1441 },
    },
  },
  {
    id: 'bashivan-2019-stretch',
    title: 'Stretch one site',
    citation:
      'Bashivan, Kar & DiCarlo 2019, “Neural population control via deep image synthesis”, Science 364:eaav9436',
    uncertain: 'Rule, rate and number of steps are from memory; the source’s total-variation penalty is left out.',
    plan: {
      objective: { type: 'drive' },
      space: { type: 'pixels', start: 'white' },
      optimiser: { type: 'first-order', rule: 'normalised', steps: 700, rate: [0.01, 0.001] },
    },
  },
  {
    id: 'bashivan-2019-one-hot',
    title: 'One site on, the others off',
    citation:
      'Bashivan, Kar & DiCarlo 2019, “Neural population control via deep image synthesis”, Science 364:eaav9436',
    uncertain:
      'Rule, rate, number of steps and the temperature are from memory; the source’s total-variation penalty is left out.',
    plan: {
      objective: { type: 'selective', over: 'units', temperature: 1 },
      space: { type: 'pixels', start: 'white' },
      optimiser: { type: 'first-order', rule: 'normalised', steps: 700, rate: [0.01, 0.001] },
    },
  },
  {
    id: 'contrastive-openretina',
    title: 'Most discriminative stimulus',
    citation:
      'Burg et al. 2024, “Most discriminative stimuli for functional cell type clustering”, ICLR; temperature, rule, rate and steps as in the open-retina package',
    uncertain:
      'The source contrasts mean raw responses of groups, here it is their z. Its norm of the stimulus is here the RMS contrast, and its stimuli are clips.',
    plan: {
      objective: { type: 'selective', over: 'areas', temperature: 1.6 },
      space: { type: 'pixels', start: 'white' },
      optimiser: { type: 'first-order', rule: 'sgd', steps: 50, rate: 100 },
    },
  },
  {
    id: 'viv1t-pixels',
    title: 'Free contrast, pixels',
    citation:
      'Li et al. 2025, “Movie-trained transformer reveals novel response properties to dynamic stimuli in mouse visual cortex”, bioRxiv; values of the authors’ code',
    uncertain: 'The source shows 30 frames of a clip; set motion to moving on twins that see clips.',
    plan: {
      space: {
        type: 'pixels',
        start: 'white',
        parameterisation: { type: 'pixels', squash: 'sigmoid' },
        startContrastRms: 0.005,
      },
      optimiser: { type: 'first-order', rule: 'adamw', steps: 1000, rate: 0.05, hold: 'range' },
    },
  },
  {
    id: 'viv1t-fourier',
    title: 'Free contrast, Fourier coefficients',
    citation:
      'Li et al. 2025, “Movie-trained transformer reveals novel response properties to dynamic stimuli in mouse visual cortex”, bioRxiv; values of the authors’ code',
    uncertain:
      'The source transforms over time too and adds a penalty for unnatural spectra; neither is here. It shows 30 frames of a clip.',
    plan: {
      space: {
        type: 'pixels',
        start: 'white',
        parameterisation: { type: 'fourier', exponent: 0, squash: 'sigmoid' },
        startContrastRms: 0.005,
      },
      optimiser: { type: 'first-order', rule: 'adamw', steps: 1000, rate: 0.05, hold: 'range' },
    },
  },
];
