/** The same experiment for PsychoPy's Builder (.psyexp), so that a lab can add a fixation task or responses to it. */
import type { ExpandedProtocol } from '../contract/results.ts';
import { psychopyMonitor, pythonString } from './psychopyScript.ts';

type ValueType = 'bool' | 'code' | 'color' | 'extendedCode' | 'file' | 'list' | 'num' | 'str';
type Updates = 'None' | 'constant' | 'set every repeat';

const xmlText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');

function param(name: string, val: string, valType: ValueType, updates: Updates = 'None'): string {
  return `<Param name="${xmlText(name)}" val="${xmlText(val)}" valType="${valType}" updates="${updates}"/>`;
}

function element(tag: string, name: string, params: readonly string[], indent: string): string {
  const inner = params.map((line) => `${indent}  ${line}\n`).join('');
  return `${indent}<${tag} name="${name}">\n${inner}${indent}</${tag}>\n`;
}

/**
 * One routine in one loop over conditions.csv, in its order. The routine lasts pre_frames + stimulus_frames +
 * blank_frames because an invisible shape does; the picture is shown from frame pre_frames on.
 */
export function psychopyBuilder(protocol: ExpandedProtocol, backgroundLevel: number): string {
  const { display } = protocol;
  const grey = `$[${backgroundLevel}, ${backgroundLevel}, ${backgroundLevel}]`;
  const settings = [
    param('expName', 'twinscope_protocol', 'str'),
    param('Show info dlg', 'True', 'bool'),
    param('Enable Escape', 'True', 'bool'),
    param('Full-screen window', 'True', 'bool'),
    param('Show mouse', 'False', 'bool'),
    param('Monitor', psychopyMonitor, 'str'),
    param('Window size (pixels)', `[${display.widthPx}, ${display.heightPx}]`, 'list'),
    // Degrees need a display that is set only when the experiment begins; the mouse, made before that, asks for it.
    param('Units', 'pix', 'str'),
    param('color', grey, 'color'),
    param('colorSpace', 'rgb255', 'str'),
    param('Save wide csv file', 'True', 'bool'),
    param('Save log file', 'True', 'bool'),
    param('winBackend', 'pyglet', 'str'),
  ];
  const setup = [
    '# The planned display, for sizes in degrees. It has no gamma of its own: the pictures and the background are',
    '# already encoded for the gamma and black level of the display, and a calibration would be applied twice.',
    'from psychopy import monitors',
    `planned_display = monitors.Monitor(${pythonString(psychopyMonitor)}, width=${display.widthCm}, distance=${display.distanceCm})`,
    `planned_display.setSizePix([${display.widthPx}, ${display.heightPx}])`,
    'win.monitor = planned_display',
  ].join('\n');
  const indent = '      ';
  const routine = [
    element(
      'CodeComponent',
      'display_setup',
      [
        param('name', 'display_setup', 'code'),
        param('Code Type', 'Py', 'str'),
        param('Begin Experiment', setup, 'extendedCode', 'constant'),
      ],
      indent,
    ),
    element(
      'PolygonComponent',
      'background_hold',
      [
        param('name', 'background_hold', 'code'),
        param('opacity', '0', 'num', 'constant'),
        param('units', 'deg', 'str'),
        param('size', '(0.1, 0.1)', 'list', 'constant'),
        param('startType', 'frame N', 'str'),
        param('startVal', '0', 'code'),
        param('stopType', 'duration (frames)', 'str'),
        param('stopVal', 'pre_frames + stimulus_frames + blank_frames', 'code', 'constant'),
      ],
      indent,
    ),
    element(
      'ImageComponent',
      'stimulus_picture',
      [
        param('name', 'stimulus_picture', 'code'),
        param('image', '$image_file', 'file', 'set every repeat'),
        param('units', 'deg', 'str'),
        param('pos', '(0, 0)', 'list', 'constant'),
        param('size', '(size_deg, size_deg)', 'list', 'set every repeat'),
        param('opacity', '1 - is_blank', 'num', 'set every repeat'),
        param('interpolate', 'nearest', 'str', 'constant'),
        param('startType', 'frame N', 'str'),
        param('startVal', 'pre_frames', 'code'),
        param('stopType', 'duration (frames)', 'str'),
        param('stopVal', 'stimulus_frames', 'code', 'constant'),
      ],
      indent,
    ),
  ].join('');
  const loop = [
    param('name', 'protocol_trials', 'code'),
    param('conditionsFile', 'conditions.csv', 'file'),
    param('loopType', 'sequential', 'str'),
    param('nReps', '1', 'num'),
    param('isTrials', 'True', 'bool'),
  ];
  return `<?xml version="1.0" encoding="utf-8"?>
<PsychoPy2experiment encoding="utf-8" version="2021.2.0">
  <Settings>
${settings.map((line) => `    ${line}\n`).join('')}  </Settings>
  <Routines>
    <Routine name="presentation">
${routine}    </Routine>
  </Routines>
  <Flow>
${element('LoopInitiator', 'protocol_trials', loop, '    ').replace('<LoopInitiator ', '<LoopInitiator loopType="TrialHandler" ')}    <Routine name="presentation"/>
    <LoopTerminator name="protocol_trials"/>
  </Flow>
</PsychoPy2experiment>
`;
}
