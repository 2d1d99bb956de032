/** Everything measurable about the selected stimulus. */
import { ActionIcon, DataList, Stack, Text } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useState } from 'react';
import type { StimulusSpec } from '../../../main/contract/stimuli.ts';
import type { StimulusInspection } from '../../../main/contract/results.ts';
import { thumbnailDegOf } from '../../../main/contract/thumbnails.ts';
import { parametersOf } from '../../../main/stimuli/design.ts';
import { dotsPerDeg2PerS } from '../../../main/stimuli/dots.ts';
import { speedDegPerS } from '../../../main/stimuli/motion.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { ClipCanvas } from '../../components/ClipCanvas.tsx';
import { Warnings } from '../../components/errors.tsx';
import { formatNumber, shortHash } from '../../components/format.ts';
import { Inspector } from '../../components/Page.tsx';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { Hash } from '../../components/ProvenancePanel.tsx';
import { QueryView } from '../../components/states.tsx';
import { StimulusTile } from '../../components/StimulusTile.tsx';
import { Histogram } from '../../plots/Histogram.tsx';
import { Spectrum } from '../../plots/Spectrum.tsx';
import classes from './Stimuli.module.css';

const names: Record<string, string> = {
  directionDeg: 'Direction',
  plaidAngleDeg: 'Between components',
  orientationDeg: 'Orientation',
  spatialFrequencyCpd: 'Spatial frequency',
  temporalFrequencyHz: 'Temporal frequency',
  speedDegPerS: 'Speed',
  speedScaleDegPerS: 'Speed scale v₀',
  coherence: 'Coherence',
  dotsPerDeg2: 'Density',
  dotDiameterDeg: 'Dot diameter',
  lifetimeS: 'Lifetime',
  componentContrast: 'Component contrast',
  highestCpd: 'Detail up to',
  image: 'Image of its class',
  phaseDeg: 'Phase',
  contrast: 'Contrast',
  contrastRms: 'RMS contrast',
  diameterDeg: 'Diameter',
  edgeDeg: 'Edge',
  sigmaDeg: 'Envelope SD',
  aspectRatio: 'Aspect ratio',
  sizeDeg: 'Size',
  xDeg: 'x',
  yDeg: 'y',
  fit: 'Fit',
  spectrum: 'Spectrum',
  seed: 'Seed',
  class: 'Class',
  half: 'Half',
  family: 'Family',
  angleDeg: 'Between the gratings',
  turn: 'Turn',
  spreadDeg: 'Spread of orientation (SD)',
  exponent: 'Exponent of 1/f',
  level: 'Level',
  drawing: 'Drawing',
  polarity: 'Polarity',
  rotationDeg: 'Rotation',
  solids: 'Solids',
  imageSha256: 'Image',
  arraySha256: 'Array',
};

function withUnit(key: string, value: string | number): string {
  if (typeof value === 'string') return key.endsWith('Sha256') ? shortHash(value) : value;
  if (key === 'seed' || key === 'index') return String(value);
  return `${formatNumber(value, 4)}${units.find(([ending]) => key.endsWith(ending))?.[1] ?? ''}`;
}

/** By the ending of a parameter's name, the longest first. */
const units: readonly [string, string][] = [
  ['DegPerS', ' °/s'],
  ['PerDeg2', ' per deg²'],
  ['Deg', '°'],
  ['Cpd', ' cpd'],
  ['Hz', ' Hz'],
  ['lifetimeS', ' s'],
];

/** Four decimals: a display has 256 steps, or 1,024. */
const luminance = (value: number): string => String(Number(value.toFixed(4)));

/** A stimulus's parameters as label and value, in the order of its description. */
export function specRows(spec: StimulusSpec): [string, string][] {
  const parameters = parametersOf(spec);
  const speed = speedDegPerS(spec);
  return [
    ['Kind', spec.type.replaceAll('-', ' ')],
    ...Object.entries(parameters).map(([key, value]): [string, string] => [
      key === 'index' ? (setNames[spec.type] ?? key) : (names[key] ?? key),
      withUnit(key, value),
    ]),
    ...(speed === null || 'speedDegPerS' in parameters
      ? []
      : [['Speed of the pattern', withUnit('speedDegPerS', speed)] as [string, string]]),
    ...(spec.type === 'random-dots'
      ? [['Births', `${formatNumber(dotsPerDeg2PerS(spec), 4)} per deg² and s`] as [string, string]]
      : []),
  ];
}

const setNames: Partial<Record<StimulusSpec['type'], string>> = {
  tsr1: 'Number in TSR-1',
  tsr1v: 'Number in TSR-1V',
};

/** Plays at once, unless the reader's system asks for less motion, and can always be halted. */
function BigClip({ thumbnail, clip, label }: { thumbnail: string; clip: string; label: string }) {
  const still = useReducedMotion();
  const [wanted, setWanted] = useState<boolean | null>(null);
  const playing = wanted ?? !still;
  return (
    <div className={classes.big} style={{ margin: '-0.75rem -0.75rem 0', position: 'relative' }}>
      <span style={{ position: 'relative' }}>
        <StimulusTile src={thumbnail} label={label} sizePx={200} />
        <ClipCanvas src={clip} sizePx={200} playing={playing} />
      </span>
      <ActionIcon
        variant="default"
        size="sm"
        style={{ position: 'absolute', right: 8, bottom: 8 }}
        aria-label={playing ? 'Halt the clip' : 'Play the clip'}
        onClick={() => setWanted(!playing)}
      >
        {playing ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
      </ActionIcon>
    </div>
  );
}

function Inspection({ inspection }: { inspection: StimulusInspection }) {
  const { item } = inspection;
  const over = `${item.clip === null ? '' : 'at 0 s, '}${thumbnailDegOf(item.thumbnail)}° field`;
  // Over the whole square that is shown, unlike a noise's own RMS contrast, which holds inside its aperture.
  const measured: [string, string][] = [
    [`Mean, ${over}`, luminance(inspection.meanLuminance)],
    [`RMS, ${over}`, luminance(inspection.contrastRms)],
    [`Range, ${over}`, `${luminance(inspection.minLuminance)} – ${luminance(inspection.maxLuminance)}`],
  ];
  return (
    <Stack gap="md" p="md">
      {item.clip === null ? (
        <div className={classes.big} style={{ margin: '-0.75rem -0.75rem 0' }}>
          <StimulusTile src={item.thumbnail} label={item.label} sizePx={200} />
        </div>
      ) : (
        <BigClip key={item.clip} thumbnail={item.thumbnail} clip={item.clip} label={item.label} />
      )}
      <Warnings items={inspection.warnings} />
      <DataList gap={2}>
        {[...specRows(item.spec), ...measured].map(([label, value]) => (
          <DataList.Item key={label}>
            <DataList.ItemLabel>{label}</DataList.ItemLabel>
            <DataList.ItemValue>{value}</DataList.ItemValue>
          </DataList.Item>
        ))}
        <DataList.Item>
          <DataList.ItemLabel>Hash</DataList.ItemLabel>
          <DataList.ItemValue>
            <Hash sha256={item.sha256} />
          </DataList.ItemValue>
        </DataList.Item>
      </DataList>
      <PlotFrame
        title="Luminance histogram"
        data={() => ({
          columns: ['luminance_low', 'fraction'],
          rows: inspection.histogram.map((fraction, bin) => [bin / inspection.histogram.length, fraction]),
        })}
      >
        {(width) => (
          <Histogram
            width={width}
            bins={inspection.histogram}
            domain={[0, 1]}
            title="luminance (linear, white = 1)"
            marker={{ at: 0.5, label: 'background' }}
          />
        )}
      </PlotFrame>
      <PlotFrame
        title="Radial spectrum"
        data={() => ({
          columns: ['cpd', 'amplitude_relative'],
          rows: inspection.spectrum.map((point) => [point.cpd, point.amplitude]),
        })}
      >
        {(width) => <Spectrum width={width} points={inspection.spectrum} />}
      </PlotFrame>
    </Stack>
  );
}

export function StimulusInspector({ setId, index }: { setId: string; index: number | null }) {
  const inspection = useQueryCall(
    'sets.inspect',
    { id: setId, index: index ?? 0 },
    { enabled: index !== null, placeholderData: (before) => before, gcTime: 60_000 },
  );
  return (
    <Inspector>
      {index === null ? (
        <Text size="xs" c="dimmed" p="md">
          Select a stimulus to see its parameters, luminance and spectrum.
        </Text>
      ) : (
        <QueryView query={inspection} lines={8}>
          {(data) => <Inspection inspection={data} />}
        </QueryView>
      )}
    </Inspector>
  );
}
