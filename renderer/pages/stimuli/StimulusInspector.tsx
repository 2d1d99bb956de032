/** Everything measurable about the selected stimulus. */
import { DataList, Stack, Text } from '@mantine/core';
import type { StimulusSpec } from '../../../main/contract/stimuli.ts';
import type { StimulusInspection } from '../../../main/contract/results.ts';
import { parametersOf } from '../../../main/stimuli/design.ts';
import { useQueryCall } from '../../client/hooks.ts';
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
  orientationDeg: 'Orientation',
  spatialFrequencyCpd: 'Spatial frequency',
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
  index: 'Number in TSR-1',
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
  const unit = key.endsWith('Deg') ? '°' : key.endsWith('Cpd') ? ' cpd' : '';
  return `${formatNumber(value, 4)}${unit}`;
}

/** Four decimals: a display has 256 steps, or 1,024. */
const luminance = (value: number): string => String(Number(value.toFixed(4)));

/** A stimulus's parameters as label and value, in the order of its description. */
export function specRows(spec: StimulusSpec): [string, string][] {
  const parameters = Object.entries(parametersOf(spec));
  return [
    ['Kind', spec.type],
    ...parameters.map(([key, value]): [string, string] => [names[key] ?? key, withUnit(key, value)]),
  ];
}

function Inspection({ inspection }: { inspection: StimulusInspection }) {
  const { item } = inspection;
  // Over the whole square that is shown, unlike a noise's own RMS contrast, which holds inside its aperture.
  const measured: [string, string][] = [
    ['Mean, 8° field', luminance(inspection.meanLuminance)],
    ['RMS, 8° field', luminance(inspection.contrastRms)],
    ['Range, 8° field', `${luminance(inspection.minLuminance)} – ${luminance(inspection.maxLuminance)}`],
  ];
  return (
    <Stack gap="md" p="md">
      <div className={classes.big} style={{ margin: '-0.75rem -0.75rem 0' }}>
        <StimulusTile src={item.thumbnail} label={item.label} sizePx={200} />
      </div>
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
