/**
 * Mean luminance and RMS contrast of a stimulus before and after it is put on the display, in the same aperture: what
 * resampling, the display's range and its 8 bits have changed. All in linear light with the display white at 1.
 */
import type { Aperture, Display } from '../contract/plans.ts';
import type { ProtocolStimulus } from '../contract/results.ts';
import { apertureOf, apertureProfile, apertureWeights } from '../stimuli/aperture.ts';
import { decodeGrey, encodeGrey } from '../stimuli/encode.ts';
import { pxToEccentricity } from '../stimuli/geometry.ts';
import { contrastRms, mean } from '../stimuli/statistics.ts';
import { tsr1ContrastRms, tsr1Place } from '../stimuli/tsr1/classes.ts';
import { plural } from '../platform/words.ts';
import { pixelsPerDegAtCentre } from './screen.ts';

export interface Light {
  meanLuminance: number;
  /** sd(L)/mean(L) within the aperture; 0 for a black picture. */
  contrastRms: number;
}

export interface Measured {
  /** Where it was measured; null for all of the picture. */
  aperture: Aperture | null;
  /** What the search or the description asks for; null where neither says. */
  asked: Light | null;
  /** As found or drawn, evenly spaced in degrees. */
  source: Light;
  /** On the display's pixels, before encoding. */
  screen: Light;
  /** On the display's pixels after encoding to 8 bits, clipped to the display's range. */
  encoded: Light;
}

const background = 0.5;

function light(linear: Float32Array, weights: Float64Array | undefined): Light {
  const meanLuminance = mean(linear, weights);
  return { meanLuminance, contrastRms: meanLuminance > 0 ? contrastRms(linear, weights) : 0 };
}

function measuredAperture({ spec, source }: ProtocolStimulus): Aperture | null {
  return source?.type === 'search' ? source.aperture : (apertureOf(spec) ?? null);
}

function askedFor({ spec, source }: ProtocolStimulus): Light | null {
  if (source?.type === 'search' && source.constraints !== null) {
    const { meanLuminance, contrastRms } = source.constraints;
    return typeof contrastRms === 'number' ? { meanLuminance, contrastRms } : null;
  }
  if (spec.type === 'tsr1' && !tsr1Place(spec.index).local) {
    return { meanLuminance: background, contrastRms: tsr1ContrastRms };
  }
  return spec.type === 'noise' ? { meanLuminance: background, contrastRms: spec.contrastRms } : null;
}

/**
 * Weight of every display pixel: the aperture at the pixel's own visual angle times the visual angle that the pixel
 * covers, so that sums are over degrees as they are on the source; 0 outside the stimulus.
 */
function screenWeights(aperture: Aperture | null, sizeDeg: number, displayPx: number, display: Display): Float64Array {
  const offsets = Array.from({ length: displayPx }, (_, pixel) => pixel + 0.5 - displayPx / 2);
  const degrees = offsets.map((offset) => pxToEccentricity(display, offset));
  const widths = offsets.map((offset, pixel) =>
    Math.abs(degrees[pixel] as number) <= sizeDeg / 2
      ? pxToEccentricity(display, offset + 0.5) - pxToEccentricity(display, offset - 0.5)
      : 0,
  );
  const profile = aperture === null ? null : apertureProfile(aperture, pixelsPerDegAtCentre(display));
  const weights = new Float64Array(displayPx * displayPx);
  for (let row = 0, at = 0; row < displayPx; row++) {
    // Row 0 is the top, where y is largest.
    const dy = -(degrees[row] as number) - (aperture?.yDeg ?? 0);
    for (let column = 0; column < displayPx; column++, at++) {
      const dx = (degrees[column] as number) - (aperture?.xDeg ?? 0);
      const squared = dx * dx + dy * dy;
      const inside =
        profile === null || squared <= profile.innerSquared
          ? 1
          : squared >= profile.outerSquared
            ? 0
            : profile.edge(squared);
      weights[at] = inside * (widths[row] as number) * (widths[column] as number);
    }
  }
  return weights;
}

const anyWeight = (weights: Float64Array): Float64Array | undefined =>
  weights.some((weight) => weight > 0) ? weights : undefined;

/** `source` is the stimulus in degrees, `shown` the same on displayPx² pixels of the display, not yet encoded. */
export function measureStimulus(
  stimulus: ProtocolStimulus,
  source: { linear: Float32Array; sizePx: number },
  shown: Float32Array,
  displayPx: number,
  display: Display,
): Measured {
  const { sizeDeg } = stimulus;
  const aperture = measuredAperture(stimulus);
  const evenWeights = apertureWeights(aperture ?? undefined, { sizePx: source.sizePx, fieldOfViewDeg: sizeDeg });
  const weights = anyWeight(screenWeights(aperture, sizeDeg, displayPx, display));
  return {
    aperture,
    asked: askedFor(stimulus),
    source: light(source.linear, anyWeight(evenWeights)),
    screen: light(shown, weights),
    encoded: light(decodeGrey(encodeGrey(shown, { display }), { display }), weights),
  };
}

/** Contrast of found stimuli may change by this fraction on the way to the display. */
const toleratedChange = 0.02;

/**
 * Whether every candidate and control has, on the display, the RMS contrast with which it was found; null where the
 * protocol has none.
 */
export function contrastCheck(
  pictures: readonly { stimulus: ProtocolStimulus | null; measured: Measured | null; clipped: number }[],
): { passed: boolean; text: string } | null {
  let searchStimuli = 0;
  let worst: { name: string; change: number; clipped: number } | null = null;
  for (const { stimulus, measured, clipped } of pictures) {
    if (stimulus?.source?.type !== 'search' || measured === null || measured.source.contrastRms === 0) continue;
    searchStimuli++;
    const change = measured.encoded.contrastRms / measured.source.contrastRms - 1;
    if (worst === null || Math.abs(change) > Math.abs(worst.change)) worst = { name: stimulus.name, change, clipped };
  }
  if (worst === null) return null;
  const percent = `${(100 * Math.abs(worst.change)).toFixed(2)} %`;
  const passed = Math.abs(worst.change) <= toleratedChange;
  const of = plural(searchStimuli, 'search stimulus', 'search stimuli');
  return {
    passed,
    text: passed
      ? `On the display the RMS contrast of the ${of} differs by at most ${percent} from what was found (${worst.name}).`
      : `On the display the RMS contrast of ${worst.name} is ${percent} ${worst.change < 0 ? 'below' : 'above'} what was ` +
        `found, the largest difference of the ${of}; at most ${100 * toleratedChange} % is tolerated. ` +
        (worst.clipped > 0
          ? `The display clips ${Number((100 * worst.clipped).toPrecision(2))} % of its pixels, which ask for more or less light than it has.`
          : 'The display has too few pixels per degree for it.'),
  };
}
