/** What a person should know before they record with a protocol; each sentence carries its numbers. */
import { neededDeg, type ExpandedProtocol, type ProtocolStimulus } from '../contract/results.ts';
import type { ProtocolStimulusInput } from './expand.ts';
import { describedLuminance } from './extent.ts';
import { parametersOf } from '../stimuli/design.ts';
import { largestContrast, linearToCdM2 } from '../stimuli/encode.ts';
import { formatCount, plural } from '../platform/words.ts';
import { picturePx, screenDeg } from './screen.ts';

const longMinutes = 120;

export function protocolWarnings(
  protocol: ExpandedProtocol,
  inputs: readonly ProtocolStimulusInput[],
  leftOut: number,
): string[] {
  return [
    sizeWarning(protocol),
    detailWarning(protocol),
    luminanceWarning(protocol, inputs),
    frameWarning(protocol),
    durationWarning(protocol),
    leftOut > 0
      ? `${plural(leftOut, 'stimulus is', 'stimuli are')} listed more than once and take part once; use repeats to show a stimulus more often.`
      : null,
  ].filter((sentence) => sentence !== null);
}

const largest = <T>(items: readonly T[], of: (item: T) => number): T =>
  items.reduce((best, item) => (of(item) > of(best) ? item : best));

function sizeWarning({ display, stimuli }: ExpandedProtocol): string | null {
  const shortPx = Math.min(display.widthPx, display.heightPx);
  const cut = stimuli.filter((stimulus) => picturePx(neededDeg(stimulus), display) > shortPx);
  if (cut.length === 0) return null;
  const worst = largest(cut, neededDeg);
  const needed = neededDeg(worst).toFixed(1);
  const screen = screenDeg(display);
  return (
    `${plural(cut.length, 'stimulus is', 'stimuli are')} larger than the screen and will be cut off: ${worst.name} needs ` +
    `${needed}° × ${needed}°, the screen shows ${screen.width.toFixed(1)}° × ` +
    `${screen.height.toFixed(1)}° at ${display.distanceCm} cm.`
  );
}

const frequencyOf = ({ spec }: ProtocolStimulus): number => Number(parametersOf(spec)['spatialFrequencyCpd'] ?? 0);

function detailWarning({ stimuli, pixelsPerDegCentre }: ExpandedProtocol): string | null {
  const finest = largest(stimuli, frequencyOf);
  const cpd = frequencyOf(finest);
  if (2 * cpd <= pixelsPerDegCentre) return null;
  return (
    `${finest.name} has ${round(cpd)} cpd and needs at least ${round(2 * cpd)} px per degree; this display has ` +
    `${pixelsPerDegCentre.toFixed(1)} px per degree at its centre, so the bars will alias.`
  );
}

function luminanceWarning({ display }: ExpandedProtocol, inputs: readonly ProtocolStimulusInput[]): string | null {
  const { minLuminanceCdM2: black, maxLuminanceCdM2: white } = display;
  if (white <= black) {
    return `The display's white (${white} cd/m²) is not brighter than its black (${black} cd/m²); nothing can be shown.`;
  }
  let lowest = Infinity;
  let highest = -Infinity;
  let clipped = 0;
  for (const input of inputs) {
    const range = input.luminance ?? describedLuminance(input.spec);
    if (range === null) continue;
    const low = linearToCdM2(range.min, display);
    const high = linearToCdM2(range.max, display);
    // A tenth of an 8-bit step of the luminance range is nothing that the display could show.
    const tolerance = (white - black) / 2550;
    if (low < black - tolerance || high > white + tolerance) clipped++;
    lowest = Math.min(lowest, low);
    highest = Math.max(highest, high);
  }
  if (clipped === 0) return null;
  return (
    `${plural(clipped, 'stimulus asks', 'stimuli ask')} for ${lowest.toFixed(1)} to ${highest.toFixed(1)} cd/m²; the ` +
    `display has ${black} to ${white} cd/m² and clips the rest. The largest contrast around its mid luminance is ` +
    `${largestContrast(display).toFixed(3)}.`
  );
}

function frameWarning({ display, plan }: ExpandedProtocol): string | null {
  const { stimulusFrames, blankFrames, preBlockFrames } = plan.timing;
  const ms = (frames: number): number => (1000 * frames) / display.refreshHz;
  const uneven = (
    [
      ['stimulus', stimulusFrames],
      ['blank', blankFrames],
      ['pause before a block', preBlockFrames],
    ] as const
  ).filter(([, frames]) => Math.abs(ms(frames) - Math.round(ms(frames))) > 0.005);
  if (uneven.length === 0) return null;
  const parts = uneven.map(
    ([name, frames]) => `${name} ${plural(frames, 'frame', 'frames')} = ${ms(frames).toFixed(2)} ms`,
  );
  return `Times are whole frames of ${display.refreshHz} Hz and not whole milliseconds: ${parts.join(', ')}.`;
}

function durationWarning({ minutes, trials }: ExpandedProtocol): string | null {
  if (minutes <= longMinutes) return null;
  return `The protocol lasts ${(minutes / 60).toFixed(1)} h (${formatCount(trials.length)} trials), longer than the 2 h most subjects keep still for.`;
}

const round = (value: number): string => String(Number(value.toPrecision(3)));
