/** A table of factors with a live preview: what the design will hold, and what will surprise about it. */
import { Button, Group, SegmentedControl, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import type { StimulusDesign } from '../../../main/contract/stimuli.ts';
import { describeDesign } from '../../../main/stimuli/design.ts';
import { nameTsr1 } from '../../../main/stimuli/tsr1/catalogue.ts';
import { nameTsr1v } from '../../../main/stimuli/tsr1v/catalogue.ts';
import { useCall, useQueryCall, useWritable } from '../../client/hooks.ts';
import { ErrorNotice, Warnings } from '../../components/errors.tsx';
import { plural } from '../../components/format.ts';
import { PageHeader, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { StimulusTile } from '../../components/StimulusTile.tsx';
import stage from '../../components/StimulusTile.module.css';
import { OtherFields, ReferenceFields } from './DesignFields.tsx';
import {
  factorFields,
  initialForm,
  isFactorial,
  kindOf,
  kinds,
  readForm,
  textKey,
  type DesignForm,
  type DesignType,
} from './designForm.ts';

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
                value={form.factors[textKey(field)] ?? ''}
                error={problems[field.key]}
                onChange={(event) => onChange(textKey(field), event.currentTarget.value)}
              />
            </Table.Td>
            <Table.Td ta="right">{counts[field.key] ?? '–'}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** How the angles of a kind of stimulus are counted. */
function conventions(type: DesignType): string {
  const orientation = 'Orientation is the counter-clockwise angle of the bars from horizontal.';
  if (kindOf(type) === 'still' || type === 'counterphase-gratings') return orientation;
  return `Direction 0° is rightward and 90° upward${type === 'random-dots' ? '' : '; bars stand across it'}.`;
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
            <StimulusTile
              key={sample.label}
              src={sample.thumbnail}
              clip={sample.clip}
              label={sample.label}
              sizePx={112}
            />
          ))}
        </Group>
      </div>
    </Pane>
  );
}

/** What a reference set is called; null for other designs. */
function referenceName(design: StimulusDesign): string | null {
  if (design.type === 'tsr1') return nameTsr1(design.half);
  return design.type === 'tsr1v' ? nameTsr1v(design.half) : null;
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
  const suggested = result.design === null ? '' : (referenceName(result.design) ?? description);
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
            <Group gap="xs">
              <SegmentedControl
                aria-label="Still or moving"
                value={kindOf(form.type)}
                onChange={(kind) =>
                  change({ type: (kinds[kind as 'still' | 'moving'][0] as { value: DesignType }).value })
                }
                data={[
                  { value: 'still', label: 'Still' },
                  { value: 'moving', label: 'Moving' },
                ]}
              />
              <SegmentedControl
                aria-label="Kind of stimulus"
                value={form.type}
                onChange={(type) => change({ type: type as DesignType })}
                data={[...kinds[kindOf(form.type)]]}
              />
            </Group>
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
            {form.type === 'tsr1' || form.type === 'tsr1v' ? (
              <ReferenceFields form={form} type={form.type} change={change} />
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
                . {conventions(form.type)}
              </Text>
            )}
          </Stack>
        </Pane>
        <Preview design={result.design} />
      </Panes>
    </>
  );
}
