/** A table of factors with a live preview: what the design will hold, and what will surprise about it. */
import {
  Button,
  Checkbox,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import type { StimulusDesign } from '../../../main/contract/stimuli.ts';
import { describeDesign } from '../../../main/stimuli/design.ts';
import { nameTsr1 } from '../../../main/stimuli/tsr1/catalogue.ts';
import { useCall, useQueryCall, useWritable } from '../../client/hooks.ts';
import { ErrorNotice, Warnings } from '../../components/errors.tsx';
import { plural } from '../../components/format.ts';
import { PageHeader, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { StimulusTile } from '../../components/StimulusTile.tsx';
import stage from '../../components/StimulusTile.module.css';
import { factorFields, initialForm, isFactorial, readForm, type DesignForm, type DesignType } from './designForm.ts';

/** Asking the backend at every keystroke would show a preview of half a number. */
const previewDelayMs = 250;

function FactorTable({
  form,
  problems,
  counts,
  onChange,
}: {
  form: DesignForm;
  problems: Readonly<Record<string, string>>;
  counts: Readonly<Record<string, number>>;
  onChange: (key: string, text: string) => void;
}) {
  if (!isFactorial(form.type)) return null;
  return (
    <Table verticalSpacing={3} aria-label="Factors" layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w="10rem">Factor</Table.Th>
          <Table.Th>Levels</Table.Th>
          <Table.Th w="3rem" ta="right">
            n
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {factorFields[form.type].map((field) => (
          <Table.Tr key={field.key}>
            <Table.Td>
              {field.label}{' '}
              <Text span size="xs" c="dimmed">
                {field.unit}
              </Text>
            </Table.Td>
            <Table.Td>
              <TextInput
                aria-label={`Levels of ${field.label.toLowerCase()}`}
                value={form.factors[field.key] ?? ''}
                error={problems[field.key]}
                onChange={(event) => onChange(field.key, event.currentTarget.value)}
              />
            </Table.Td>
            <Table.Td ta="right">{counts[field.key] ?? '–'}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function NumberField({
  label,
  value,
  suffix,
  min,
  max,
  onChange,
}: {
  label: string;
  value: number;
  suffix?: string;
  min?: number;
  max?: number;
  onChange: (value: number) => void;
}) {
  return (
    <NumberInput
      label={label}
      value={value}
      w="8.5rem"
      {...(suffix === undefined ? {} : { suffix })}
      {...(min === undefined ? {} : { min })}
      {...(max === undefined ? {} : { max })}
      onChange={(next) => typeof next === 'number' && onChange(next)}
    />
  );
}

type FieldsProps = { form: DesignForm; change: (part: Partial<DesignForm>) => void };

function OtherFields({ form, change }: FieldsProps) {
  const noise = (part: Partial<DesignForm['noise']>) => change({ noise: { ...form.noise, ...part } });
  return (
    <Group gap="md" align="flex-end">
      {form.type === 'noise' && (
        <>
          <NumberField
            label="Images"
            value={form.noise.n}
            min={1}
            max={1_000_000}
            onChange={(n) => noise({ n: Math.round(n) })}
          />
          <Select
            label="Spectrum"
            w="8.5rem"
            data={[
              { value: 'white', label: 'white' },
              { value: 'pink', label: 'pink (1/f)' },
            ]}
            value={form.noise.spectrum}
            onChange={(value) => noise({ spectrum: value === 'white' ? 'white' : 'pink' })}
          />
          <NumberField
            label="RMS contrast"
            value={form.noise.contrastRms}
            min={0}
            max={1}
            onChange={(contrastRms) => noise({ contrastRms })}
          />
          <NumberField
            label="Diameter"
            suffix="°"
            value={form.noise.diameterDeg}
            min={0.01}
            onChange={(diameterDeg) => noise({ diameterDeg })}
          />
          <NumberField
            label="Seed"
            value={form.noise.seed}
            min={0}
            onChange={(seed) => noise({ seed: Math.round(seed) })}
          />
        </>
      )}
      {form.type === 'gabors' ? (
        <NumberField
          label="Aspect ratio"
          value={form.aspectRatio}
          min={0.01}
          onChange={(aspectRatio) => change({ aspectRatio })}
        />
      ) : (
        <>
          <NumberField
            label="Width of the edge"
            suffix="°"
            value={form.edgeDeg}
            min={0}
            onChange={(edgeDeg) => change({ edgeDeg })}
          />
          <NumberField
            label="Centre x"
            suffix="°"
            value={form.xDeg}
            min={-90}
            max={90}
            onChange={(xDeg) => change({ xDeg })}
          />
          <NumberField
            label="Centre y"
            suffix="°"
            value={form.yDeg}
            min={-90}
            max={90}
            onChange={(yDeg) => change({ yDeg })}
          />
        </>
      )}
      <BlankField form={form} change={change} />
    </Group>
  );
}

function BlankField({ form, change }: FieldsProps) {
  return (
    <Checkbox
      label="Add a blank (background only)"
      checked={form.blank}
      onChange={(event) => change({ blank: event.currentTarget.checked })}
    />
  );
}

/** The reference set has nothing to choose but its half. */
function ReferenceFields({ form, change }: FieldsProps) {
  return (
    <>
      <Group gap="md" align="flex-end">
        <Select
          label="Images"
          w="13rem"
          allowDeselect={false}
          data={[
            { value: 'all', label: 'all 1,024' },
            { value: 'A', label: 'half A (512)' },
            { value: 'B', label: 'half B (512)' },
          ]}
          value={form.half}
          onChange={(half) => change({ half: half as DesignForm['half'] })}
        />
        <BlankField form={form} change={change} />
      </Group>
      <Text size="xs" c="dimmed">
        The reference set: gratings, Gabors, plaids, polar gratings, noise, dead leaves, textures and their phase
        scrambles, shapes and shaded scenes, the same everywhere. Half A is for z-scores, half B for the best of the
        reference.
      </Text>
    </>
  );
}

function Preview({ design }: { design: StimulusDesign | null }) {
  const [settled] = useDebouncedValue(design, previewDelayMs);
  const preview = useQueryCall(
    'sets.preview',
    { design: settled as StimulusDesign },
    { enabled: settled !== null, placeholderData: (before) => before, gcTime: 30_000 },
  );
  return (
    <Pane label="Preview" scroll={false} padding={false}>
      <div style={{ padding: '0.75rem' }}>
        <PaneTitle>Preview</PaneTitle>
        <Text size="sm" aria-live="polite">
          {preview.data?.description ?? (design === null ? 'Some levels cannot be read.' : '')}
        </Text>
        {preview.error !== null && <ErrorNotice error={preview.error} />}
        {preview.data && <Warnings items={preview.data.warnings} />}
      </div>
      <div className={stage.stage} style={{ padding: 12 }} aria-label="Samples">
        <Group gap={10}>
          {preview.data?.samples.map((sample) => (
            <StimulusTile key={sample.label} src={sample.thumbnail} label={sample.label} sizePx={112} />
          ))}
        </Group>
      </div>
    </Pane>
  );
}

export function DesignEditor() {
  const [form, setForm] = useState(initialForm);
  const [name, setName] = useState('');
  const [, go] = useLocation();
  const writable = useWritable();
  const create = useCall('sets.create', { onSuccess: (set) => go(`/stimuli/${set.id}`) });
  const result = useMemo(() => readForm(form), [form]);
  const change = (part: Partial<DesignForm>) => setForm((before) => ({ ...before, ...part }));
  const description = result.design === null ? '' : describeDesign(result.design);
  const suggested = result.design?.type === 'tsr1' ? nameTsr1(result.design.half) : description;
  const submit = () => {
    if (result.design !== null) create.mutate({ name: name.trim() || suggested, design: result.design });
  };
  return (
    <>
      <PageHeader
        title="New set"
        detail={description}
        actions={
          <Button onClick={submit} loading={create.isPending} disabled={result.design === null || !writable}>
            Create set
          </Button>
        }
      />
      <Panes>
        <Pane label="Design" width="min(62%, 34rem)">
          <Stack gap="md">
            <SegmentedControl
              aria-label="Kind of stimulus"
              value={form.type}
              onChange={(type) => change({ type: type as DesignType })}
              data={[
                { value: 'gratings', label: 'Gratings' },
                { value: 'gabors', label: 'Gabors' },
                { value: 'noise', label: 'Noise' },
                { value: 'tsr1', label: 'TSR-1' },
              ]}
            />
            <TextInput
              label="Name"
              placeholder={suggested}
              value={name}
              maxLength={200}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <FactorTable
              form={form}
              problems={result.problems}
              counts={result.counts}
              onChange={(key, text) => change({ factors: { ...form.factors, [key]: text } })}
            />
            {form.type === 'tsr1' ? (
              <ReferenceFields form={form} change={change} />
            ) : (
              <OtherFields form={form} change={change} />
            )}
            {isFactorial(form.type) && (
              <Text size="xs" c="dimmed">
                Levels are numbers or ranges: <code>0.5 1 2 4</code>, <code>0:22.5:157.5</code> (start, step, end),{' '}
                <code>0.5:×2:8</code> (each twice the one before). Every combination is shown:{' '}
                {plural(
                  Object.values(result.counts).reduce((product, n) => product * n, 1),
                  'combination',
                )}
                . Orientation is the counter-clockwise angle of the bars from horizontal.
              </Text>
            )}
          </Stack>
        </Pane>
        <Preview design={result.design} />
      </Panes>
    </>
  );
}
