/** The README files of exported protocols, in plain words. */
import type { ExpandedProtocol } from '../contract/results.ts';
import { formatCount, plural } from '../platform/words.ts';
import { describeOrder, trialsPerCondition } from './expand.ts';
import { screenDeg } from './screen.ts';

/** Sections that every export shares: what is shown, on which display, when and in which order. */
function overview(protocol: ExpandedProtocol, backgroundLevel: number): string[] {
  const { display, plan, trials, minutes } = protocol;
  const { timing } = plan;
  const ms = (frames: number): string => `${Number(((1000 * frames) / display.refreshHz).toFixed(2))} ms`;
  const screen = screenDeg(display);
  const mid = (display.minLuminanceCdM2 + display.maxLuminanceCdM2) / 2;
  return [
    '## What is shown',
    '',
    `${plural(trials.length, 'trial')} in ${plural(plan.blocks, 'block')}, ` +
      `${minutes.toFixed(1)} minutes. Trials per condition:`,
    '',
    ...trialsPerCondition(protocol).map(
      ({ condition, stimuli, trials: n }) =>
        `- ${condition}: ${formatCount(n)}${stimuli > 0 ? ` (${plural(stimuli, 'stimulus', 'stimuli')})` : ''}`,
    ),
    '',
    describeOrder(plan),
    '',
    'The order is written out trial by trial, so nothing needs to be drawn at random when the protocol runs.',
    '',
    '## When',
    '',
    `Times are counted in frames of ${display.refreshHz} Hz. A block begins with ${plural(timing.preBlockFrames, 'frame')} ` +
      `(${ms(timing.preBlockFrames)}) of background. A trial is ${plural(timing.stimulusFrames, 'frame')} ` +
      `(${ms(timing.stimulusFrames)}) of stimulus and then ${plural(timing.blankFrames, 'frame')} (${ms(timing.blankFrames)}) of ` +
      'background. A blank trial shows background instead of a stimulus. Frames and trials count from 0.',
    '',
    '## For which display',
    '',
    `${display.widthPx} × ${display.heightPx} px, ${display.widthCm} cm wide, ${display.distanceCm} cm from the eye: ` +
      `${screen.width.toFixed(1)}° × ${screen.height.toFixed(1)}°, ${protocol.pixelsPerDegCentre.toFixed(2)} px per ` +
      `degree at the centre. Gamma ${display.gamma}, black ${display.minLuminanceCdM2} cd/m², white ` +
      `${display.maxLuminanceCdM2} cd/m². On another display, or at another distance, export again.`,
    '',
    'Pictures are drawn on the pixel grid of this display, one picture pixel to one display pixel, for a flat screen: ' +
      'every pixel shows what belongs to its own visual angle, so no constant number of pixels per degree is assumed. ' +
      'Every picture is centred at fixation, also when the stimulus in it is not.',
    '',
    `Grey levels are encoded for this display: luminance = black + (white − black) · (level / 255)^${display.gamma}. ` +
      `The background is level ${backgroundLevel}, ${Number(mid.toPrecision(4))} cd/m², halfway between black and white. Show the ` +
      'pictures as they are: no other gamma correction and no colour management.',
    '',
    '`manifest.json` has the mean luminance and RMS contrast of every stimulus as asked for, as found or drawn, on the ' +
      "display's pixels and after encoding to 8 bits, and the fraction of its pixels that the display clips.",
    ...(protocol.warnings.length > 0 ? ['', '## Note', '', ...protocol.warnings.map((warning) => `- ${warning}`)] : []),
  ];
}

const integrity = [
  '## Is it whole?',
  '',
  '`SHA256SUMS` lists the SHA-256 of every other file: `sha256sum --check SHA256SUMS`. `manifest.json` holds the plan, ' +
    'the display, the seed, every stimulus as a physical description with its hash, and the provenance.',
];

export function bundleReadme(protocol: ExpandedProtocol, backgroundLevel: number): string {
  return `${[
    `# ${protocol.name}`,
    '',
    'A stimulus protocol exported by Twinscope for any presentation software. What a twin predicts about these stimuli ' +
      'is a prediction, not a measurement.',
    '',
    '| file | what |',
    '|---|---|',
    '| `trials.csv` | one row per trial, in order: stimulus, condition, onset and durations in frames and seconds, picture |',
    '| `stimuli.csv` | one row per stimulus: files, size and parameters |',
    '| `png/` | pictures encoded for the display (8-bit grey) |',
    '| `npy/` | the same stimuli as linear light (NumPy float32, rows from top to bottom, evenly spaced in degrees over `extent_deg`; 1 is the display white, .5 the background) |',
    '| `manifest.json` | everything above in one document, with provenance |',
    '',
    ...overview(protocol, backgroundLevel),
    '',
    '## How to show it',
    '',
    'Fill the screen with the background level. For every row of `trials.csv` in order, wait for frame `onset_frame` ' +
      '(counted in vertical refreshes from the start), draw the picture at the centre of the screen at its own size in ' +
      'pixels for `stimulus_frames` refreshes, and then the background for `blank_frames`.',
    '',
    ...integrity,
  ].join('\n')}\n`;
}

export function psychopyReadme(protocol: ExpandedProtocol, backgroundLevel: number): string {
  return `${[
    `# ${protocol.name}`,
    '',
    'A stimulus protocol exported by Twinscope for PsychoPy. It runs without a network. What a twin predicts about ' +
      'these stimuli is a prediction, not a measurement.',
    '',
    '| file | what |',
    '|---|---|',
    '| `run_protocol.py` | the experiment for the Coder: frame-counted, logs every flip |',
    '| `protocol.psyexp` | the same experiment for the Builder, to add fixation tasks or responses |',
    '| `conditions.csv` | the trial list, one row per trial, in order |',
    '| `images/` | pictures encoded for the display (8-bit grey) |',
    '| `manifest.json` | plan, display, stimuli and provenance |',
    '',
    '## How to run it',
    '',
    '1. `python run_protocol.py --check` reads the folder and says whether it is complete; it does not need PsychoPy.',
    '2. Open `run_protocol.py` in PsychoPy (Coder) and run it, or `python run_protocol.py` where PsychoPy is installed. ' +
      '`--screen 1` uses the second screen. Space starts, Escape ends; what was shown until then is saved.',
    '3. Look into `data/`: `…_frames.csv` has the time of every flip, `…_trials.csv` the onset of every trial. Late ' +
      'frames are counted at the end.',
    '',
    'Prefer the script for recordings: the Builder loads each picture between trials, which can cost a frame; the ' +
      'script loads them beforehand. In the Builder the default unit is `pix`; give `deg` to what you add.',
    '',
    ...overview(protocol, backgroundLevel),
    '',
    '## Sizes in degrees',
    '',
    "PsychoPy's unit `deg` is linear: it takes every degree to be as wide as at the centre of the screen. `degFlat` places " +
      'single points exactly, but not the pixels inside a picture. The pictures here are drawn exactly beforehand, and ' +
      '`size_deg` is the size in `deg` at which one picture pixel covers one display pixel. `extent_deg` is the visual ' +
      'angle that the picture really covers.',
    '',
    ...integrity,
  ].join('\n')}\n`;
}
