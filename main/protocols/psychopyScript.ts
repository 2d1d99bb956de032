/** The PsychoPy experiment as a Python script (Coder): Python 3.8 or later, nothing but PsychoPy and the standard library. */
import type { ExpandedProtocol } from '../contract/results.ts';

/** A Python string literal in ASCII for any text. */
export function pythonString(text: string): string {
  let literal = '';
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (character === "'" || character === '\\') literal += `\\${character}`;
    else if (code >= 32 && code < 127) literal += character;
    else if (code <= 0xffff) literal += `\\u${code.toString(16).padStart(4, '0')}`;
    else literal += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `'${literal}'`;
}

/** Name of the display inside PsychoPy; deliberately one that nobody has calibrated (see the script's comment on gamma). */
export const psychopyMonitor = 'twinscope_protocol_display';

/** The script for a protocol; `backgroundLevel` is the 8-bit level of the background on its display. */
export function psychopyScript(protocol: ExpandedProtocol, backgroundLevel: number): string {
  const { display } = protocol;
  return `#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Presents a stimulus protocol exported by Twinscope with PsychoPy. No network is needed.

    python run_protocol.py --check      is the folder complete? (PsychoPy is not needed)
    python run_protocol.py              present it: Space starts, Escape ends
    python run_protocol.py --help       all options

The trial list is conditions.csv, shown row by row. Every duration is a number of frames. The time of every
flip and the onset of every trial are written to the folder 'data'.
"""
import argparse
import csv
import datetime
import hashlib
import os
import struct
import sys

PROTOCOL = ${pythonString(protocol.name)}
SCREEN_PX = (${display.widthPx}, ${display.heightPx})
SCREEN_WIDTH_CM = ${display.widthCm}
DISTANCE_CM = ${display.distanceCm}
REFRESH_HZ = ${display.refreshHz}
# 8-bit level of the background; the pictures stand on exactly this level.
BACKGROUND = ${backgroundLevel}
# PsychoPy must know the display for 'deg'. The name is one that PsychoPy's Monitor Center does not know.
MONITOR = ${pythonString(psychopyMonitor)}
${scriptBody}`;
}

const scriptBody = String.raw`
FOLDER = os.path.dirname(os.path.abspath(__file__))
WHOLE_NUMBERS = ('trial_index', 'block_index', 'is_blank', 'onset_frame', 'pre_frames', 'stimulus_frames',
                 'blank_frames', 'size_px')
# Above this, pictures are loaded before their trial instead of all at the start.
MOST_PICTURE_BYTES = 2 * 1024 ** 3


def read_trials():
    """Rows of conditions.csv, numbers as numbers."""
    with open(os.path.join(FOLDER, 'conditions.csv'), newline='', encoding='utf-8') as table:
        trials = list(csv.DictReader(table))
    for trial in trials:
        for column in WHOLE_NUMBERS:
            trial[column] = int(trial[column])
        trial['size_deg'] = float(trial['size_deg'])
        trial['image_path'] = os.path.join(FOLDER, *trial['image_file'].split('/'))
    return trials


def png_size(path):
    """Width and height in pixels from the header of a PNG file."""
    with open(path, 'rb') as picture:
        header = picture.read(24)
    if header[:8] != b'\x89PNG\r\n\x1a\n':
        raise ValueError('%s is not a PNG file' % path)
    return struct.unpack('>II', header[16:24])


def check_folder(trials):
    """Sentences about everything that is wrong with the exported folder; empty when all is well."""
    faults = []
    frame = 0
    for trial in trials:
        frame += trial['pre_frames']
        if trial['onset_frame'] != frame:
            faults.append('Trial %d should start at frame %d.' % (trial['trial_index'], frame))
        frame += trial['stimulus_frames'] + trial['blank_frames']
    for path, px in sorted({(trial['image_path'], trial['size_px']) for trial in trials}):
        if not os.path.isfile(path):
            faults.append('%s is missing.' % path)
        elif png_size(path) != (px, px):
            faults.append('%s does not have %d x %d pixels.' % (path, px, px))
    with open(os.path.join(FOLDER, 'SHA256SUMS'), encoding='utf-8') as sums:
        for line in sums:
            expected, name = line.rstrip('\n').split('  ', 1)
            path = os.path.join(FOLDER, *name.split('/'))
            if not os.path.isfile(path):
                faults.append('%s is missing.' % path)
                continue
            with open(path, 'rb') as content:
                if hashlib.sha256(content.read()).hexdigest() != expected:
                    faults.append('%s has changed since the export.' % path)
    return faults


class Stopped(Exception):
    """Escape was pressed."""


class Presentation:
    """A window, the pictures, and the time of every flip."""

    def __init__(self, options):
        # Imported here so that --check works without PsychoPy.
        from psychopy import core, event, monitors, visual
        self.core, self.event, self.visual = core, event, visual
        monitor = monitors.Monitor(MONITOR, width=SCREEN_WIDTH_CM, distance=DISTANCE_CM)
        monitor.setSizePix(list(SCREEN_PX))
        # Gamma: the pictures and BACKGROUND are already encoded for the gamma and the black level of the display.
        # A window with a gamma of its own, or a monitor with a calibration, would apply the correction twice. No
        # gamma is given and the monitor is a new one without calibration, so PsychoPy leaves the look-up table of
        # the operating system as it is; that table must be the identity (no night mode, no colour profile).
        self.window = visual.Window(
            size=SCREEN_PX, fullscr=not options.windowed, screen=options.screen, monitor=monitor, units='deg',
            color=[BACKGROUND, BACKGROUND, BACKGROUND], colorSpace='rgb255', allowGUI=False, waitBlanking=True)
        self.window.mouseVisible = False
        self.pictures = {}
        self.flips = []

    def check_display(self, any_display):
        """Refuses a display other than the planned one, because sizes and times would be wrong."""
        faults = []
        size = tuple(int(n) for n in self.window.size)
        if size != SCREEN_PX:
            faults.append('The window has %d x %d pixels, the protocol is for %d x %d.' % (size + SCREEN_PX))
        measured = self.window.getActualFrameRate(nIdentical=20, nMaxFrames=240, nWarmUpFrames=10, threshold=1)
        if measured is None:
            faults.append('The refresh rate could not be measured: frames are not regular.')
        elif abs(measured - REFRESH_HZ) > 0.01 * REFRESH_HZ:
            faults.append('The display runs at %.2f Hz, the protocol is for %.2f Hz.' % (measured, REFRESH_HZ))
        for fault in faults:
            print(fault)
        if faults and not any_display:
            self.window.close()
            sys.exit('Set the display as planned or export again for this one. --any-display presents all the same.')

    def picture(self, trial):
        """The picture of a trial, loaded when it is first asked for."""
        path = trial['image_path']
        if path not in self.pictures:
            # 'deg' is linear in PsychoPy: every degree is as wide as at the centre of the screen. size_deg is the
            # size at which one picture pixel covers one display pixel, and the picture itself was drawn for a flat
            # screen, each pixel at its true visual angle. 'degFlat' would place only the corners exactly.
            # Nearest-neighbour keeps the pixels as they are.
            self.pictures[path] = self.visual.ImageStim(
                self.window, image=path, units='deg', size=(trial['size_deg'], trial['size_deg']), pos=(0, 0),
                interpolate=False)
        return self.pictures[path]

    def load(self, trials):
        """Loads the pictures of all trials, unless they need too much memory."""
        sizes = {trial['image_path']: 4 * trial['size_px'] ** 2 for trial in trials if not trial['is_blank']}
        if sum(sizes.values()) > MOST_PICTURE_BYTES:
            print('The pictures need %.1f GiB; each is loaded before its trial, which can cost a frame.'
                  % (sum(sizes.values()) / 1024 ** 3))
            return False
        for trial in trials:
            if not trial['is_blank']:
                self.picture(trial)
        return True

    def wait_for_space(self):
        message = self.visual.TextStim(self.window, text='Space starts, Escape ends', color=[0, 0, 0],
                                       colorSpace='rgb255', units='deg', height=0.5)
        self.event.clearEvents()
        while True:
            message.draw()
            self.window.flip()
            keys = self.event.getKeys(keyList=['space', 'escape'])
            if 'escape' in keys:
                raise Stopped()
            if 'space' in keys:
                return

    def frames(self, count, trial, phase, picture=None):
        """Shows a picture, or the background, for a number of frames."""
        for _ in range(count):
            if picture is not None:
                picture.draw()
            time = self.window.flip()
            self.flips.append((self.core.getTime() if time is None else time, trial['trial_index'], phase))
            if self.event.getKeys(keyList=['escape']):
                raise Stopped()

    def present(self, trials):
        """One row of the trial list after the other."""
        loaded = self.load(trials)
        for trial in trials:
            if not loaded:
                self.pictures.clear()
            picture = None if trial['is_blank'] else self.picture(trial)
            self.frames(trial['pre_frames'], trial, 'before block')
            self.frames(trial['stimulus_frames'], trial, 'blank trial' if picture is None else 'stimulus', picture)
            self.frames(trial['blank_frames'], trial, 'blank')

    def save(self, trials):
        """Writes the flips and the trials of this session; returns a sentence about late frames."""
        folder = os.path.join(FOLDER, 'data')
        os.makedirs(folder, exist_ok=True)
        stem = os.path.join(folder, datetime.datetime.now().strftime('%Y%m%d_%H%M%S'))
        start = self.flips[0][0] if self.flips else 0.0
        late = 0
        previous = None
        onsets = {}
        with open(stem + '_frames.csv', 'w', newline='', encoding='utf-8') as table:
            rows = csv.writer(table)
            rows.writerow(['frame', 'flip_s', 'interval_ms', 'late', 'trial_index', 'phase'])
            for frame, (time, index, phase) in enumerate(self.flips):
                interval = 0.0 if previous is None else time - previous
                is_late = interval * REFRESH_HZ > 1.5
                late += is_late
                rows.writerow([frame, '%.6f' % (time - start), '%.3f' % (1000 * interval), int(is_late), index, phase])
                previous = time
                if phase in ('stimulus', 'blank trial') and index not in onsets:
                    onsets[index] = (frame, time - start)
        with open(stem + '_trials.csv', 'w', newline='', encoding='utf-8') as table:
            rows = csv.writer(table)
            rows.writerow(['trial_index', 'block_index', 'stimulus_name', 'condition_name', 'planned_onset_frame',
                           'onset_frame', 'onset_s'])
            for trial in trials:
                if trial['trial_index'] in onsets:
                    frame, onset = onsets[trial['trial_index']]
                    rows.writerow([trial['trial_index'], trial['block_index'], trial['stimulus_name'],
                                   trial['condition_name'], trial['onset_frame'], frame, '%.6f' % onset])
        return '%d frames, %d of them late. Saved to %s.' % (len(self.flips), late, stem + '_*.csv')


def main():
    parser = argparse.ArgumentParser(description='Presents the protocol in this folder.')
    parser.add_argument('--check', action='store_true', help='only check that the folder is complete')
    parser.add_argument('--screen', type=int, default=0, help='number of the screen to use, from 0')
    parser.add_argument('--first', type=int, metavar='N', help='present only the first N trials (rehearsal)')
    parser.add_argument('--windowed', action='store_true', help='in a window instead of the full screen (rehearsal)')
    parser.add_argument('--any-display', action='store_true', help='present also on a display other than the planned')
    parser.add_argument('--no-wait', action='store_true', help='start without waiting for Space')
    options = parser.parse_args()

    trials = read_trials()
    faults = check_folder(trials)
    if faults:
        sys.exit('The exported folder is not complete.\n' + '\n'.join(faults))
    last = trials[-1]
    frames = last['onset_frame'] + last['stimulus_frames'] + last['blank_frames']
    print('%s: %d trials, %d frames, %.1f minutes at %g Hz. The folder is complete.'
          % (PROTOCOL.encode('ascii', 'replace').decode(), len(trials), frames, frames / REFRESH_HZ / 60, REFRESH_HZ))
    if options.check:
        return
    shown = trials if options.first is None else trials[:options.first]
    presentation = Presentation(options)
    try:
        presentation.check_display(options.any_display)
        if not options.no_wait:
            presentation.wait_for_space()
        presentation.present(shown)
    except Stopped:
        print('Ended by Escape.')
    finally:
        presentation.window.close()
        if presentation.flips:
            print(presentation.save(shown))


if __name__ == '__main__':
    main()
`;
