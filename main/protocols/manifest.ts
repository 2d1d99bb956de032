/** `manifest.json` of every exported protocol: enough to show it again and to know where it came from. */
import { z } from 'zod';
import { aperture, display, protocolPlan } from '../contract/plans.ts';
import { protocolStimulus, type ExpandedProtocol } from '../contract/results.ts';
import { describeOrder } from './expand.ts';
import type { ExportedPicture } from './tables.ts';

/** Linear light, display white at 1; RMS contrast is sd(L)/mean(L), both within the aperture. */
const light = z.object({ meanLuminance: z.number(), contrastRms: z.number() });

/** A stimulus as the manifest keeps it: without the thumbnail, which belongs to the project, and with its files. */
const manifestStimulus = protocolStimulus.omit({ thumbnail: true }).extend({
  png: z.string(),
  npy: z.string().nullable(),
  displayPx: z.int(),
  linearPx: z.int().nullable(),
  /** Fraction of the picture's pixels that ask for more or less light than the display has. */
  clippedFraction: z.number(),
  /** As asked for, as found or drawn, on the display's pixels, and after encoding to 8 bits. */
  measured: z.object({
    aperture: aperture.nullable(),
    asked: light.nullable(),
    source: light,
    screen: light,
    encoded: light,
  }),
});

export const exportManifest = z.object({
  format: z.enum(['twinscope-bundle', 'twinscope-psychopy']),
  formatVersion: z.literal(1),
  name: z.string(),
  plan: protocolPlan,
  display,
  /** Linear luminance of the background, display white at 1, and its luminance on the planned display. */
  background: z.object({ linear: z.number(), luminanceCdM2: z.number(), level: z.int() }),
  geometry: z.object({ screen: z.literal('flat'), pixelsPerDegCentre: z.number() }),
  timing: z.object({
    refreshHz: z.number(),
    stimulusFrames: z.int(),
    blankFrames: z.int(),
    preBlockFrames: z.int(),
    totalFrames: z.int(),
    minutes: z.number(),
  }),
  randomisation: z.object({
    method: z.enum(['shuffle', 'sequential']),
    generator: z.string(),
    seed: z.int(),
    description: z.string(),
  }),
  trials: z.int(),
  stimuli: z.array(manifestStimulus),
  searchPlans: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  warnings: z.array(z.string()),
  provenance: z.record(z.string(), z.unknown()),
});
export type ExportManifest = z.infer<typeof exportManifest>;

export function protocolManifest(
  protocol: ExpandedProtocol,
  pictures: readonly ExportedPicture[],
  source: {
    format: ExportManifest['format'];
    /** Folder of the pictures; arrays stand in `npy` where there are any. */
    pngFolder: string;
    backgroundLevel: number;
    provenance: Record<string, unknown>;
  },
): ExportManifest {
  const { plan, display } = protocol;
  return {
    format: source.format,
    formatVersion: 1,
    name: protocol.name,
    plan,
    display,
    background: {
      linear: 0.5,
      luminanceCdM2: (display.minLuminanceCdM2 + display.maxLuminanceCdM2) / 2,
      level: source.backgroundLevel,
    },
    geometry: { screen: 'flat', pixelsPerDegCentre: protocol.pixelsPerDegCentre },
    timing: {
      refreshHz: display.refreshHz,
      ...plan.timing,
      totalFrames: protocol.totalFrames,
      minutes: protocol.minutes,
    },
    randomisation: { ...plan.order, generator: protocol.generator, description: describeOrder(plan) },
    trials: protocol.trials.length,
    stimuli: pictures.flatMap(({ stimulus, name, displayPx, linearPx, clipped, measured }) => {
      if (stimulus === null || measured === null) return [];
      const { thumbnail: _, ...kept } = stimulus;
      const npy = linearPx === null ? null : `npy/${name}.npy`;
      const png = `${source.pngFolder}/${name}.png`;
      return [{ ...kept, png, npy, displayPx, linearPx, clippedFraction: clipped, measured }];
    }),
    ...(protocol.searchPlans === undefined ? {} : { searchPlans: protocol.searchPlans }),
    warnings: protocol.warnings,
    provenance: source.provenance,
  };
}
