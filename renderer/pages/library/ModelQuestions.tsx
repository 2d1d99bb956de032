/** What a bare graph does not say, asked in the order in which it matters. */
import { Autocomplete, NumberInput, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { ModelAnswers, ModelInspection } from '../../../main/contract/bareModels.ts';
import { licencesOf } from '../../../main/twins/bareModel.ts';
import { commerceText } from '../../../main/twins/trust.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { AreaQuestions } from './AreaQuestions.tsx';
import { linesIn, numbersIn, numbersText, presetOf, presetsFor, type Picture } from './modelForm.ts';

export interface QuestionsProps {
  model: ModelInspection;
  answers: ModelAnswers;
  /** What is wrong with the answer at a place, once it is to be said. */
  fault: (field: string) => string | undefined;
  onChange: (answers: ModelAnswers) => void;
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="sm" component="section" aria-label={title}>
      <PaneTitle>{title}</PaneTitle>
      {children}
    </Stack>
  );
}

const columns = { base: 1, sm: 2 };

export function ModelQuestions({ model, answers, fault, onChange }: QuestionsProps) {
  const text = (
    key: 'id' | 'version' | 'title' | 'summary' | 'species' | 'modality' | 'recording' | 'responseUnits',
  ) => ({
    value: answers[key] ?? '',
    error: fault(key),
    withAsterisk: true,
    onChange: (event: { currentTarget: { value: string } }) =>
      onChange({ ...answers, [key]: event.currentTarget.value }),
  });
  const chosen = (key: 'species' | 'recording' | 'responseUnits') => ({
    value: answers[key] ?? '',
    error: fault(key),
    withAsterisk: true,
    size: 'xs',
    onChange: (value: string) => onChange({ ...answers, [key]: value }),
  });
  return (
    <Stack gap="xl" maw="46rem">
      <Section title="Twin">
        <SimpleGrid cols={columns} spacing="sm" verticalSpacing="sm">
          <TextInput label="Title" {...text('title')} />
          <SimpleGrid cols={2} spacing="sm">
            <TextInput label="Id" {...text('id')} />
            <TextInput label="Version" {...text('version')} />
          </SimpleGrid>
        </SimpleGrid>
        <Textarea
          size="xs"
          autosize
          minRows={2}
          label="Summary"
          description="What the model is, and what it is not."
          {...text('summary')}
        />
      </Section>
      <PictureQuestions model={model} answers={answers} fault={fault} onChange={onChange} />
      <AreaQuestions model={model} answers={answers} fault={fault} onChange={onChange} />
      <Section title="What is modelled">
        <SimpleGrid cols={columns} spacing="sm" verticalSpacing="sm">
          <Autocomplete
            label="Species"
            data={['macaque', 'human', 'mouse', 'marmoset', 'none']}
            {...chosen('species')}
          />
          <TextInput label="Modality" {...text('modality')} />
          <Autocomplete
            label="Recording"
            description="How the modelled responses were recorded."
            data={['none', 'single electrodes', 'electrode arrays', 'two-photon calcium imaging', 'fMRI']}
            {...chosen('recording')}
          />
          <Autocomplete
            label="Units of a response"
            description="What one number is in."
            data={['arbitrary', 'spikes/s', 'ΔF/F', 'z', '% BOLD']}
            {...chosen('responseUnits')}
          />
        </SimpleGrid>
      </Section>
      <OriginQuestions model={model} answers={answers} fault={fault} onChange={onChange} />
    </Stack>
  );
}

/** A number that may be missing. */
function MaybeNumber({
  value,
  onChange,
  ...props
}: {
  label: string;
  value: number | null;
  onChange: (value: number | null) => void;
  description?: string;
  error?: string | undefined;
  suffix?: string;
  min?: number;
  max?: number;
  step?: number;
  withAsterisk?: boolean;
  allowDecimal?: boolean;
}) {
  return (
    <NumberInput
      hideControls
      clampBehavior="blur"
      {...props}
      value={value ?? ''}
      onChange={(next) => onChange(typeof next === 'number' && Number.isFinite(next) && next > 0 ? next : null)}
    />
  );
}

function PictureQuestions({ model, answers, fault, onChange }: QuestionsProps) {
  const { picture } = answers;
  const { channels, sizePx } = model.picture;
  const change = (part: Partial<Picture>): void => onChange({ ...answers, picture: { ...picture, ...part } });
  const preset = presetOf(picture);
  const [own, setOwn] = useState(preset === null && picture.range !== null);
  const values = [
    ...presetsFor(channels).map(({ key, label }) => ({ value: key, label })),
    { value: 'own', label: 'Other' },
  ];
  function choose(key: string | null) {
    setOwn(key === 'own');
    const found = presetsFor(channels).find((each) => each.key === key);
    if (found !== undefined) change(found.values);
  }
  const encodings = [
    { value: 'srgb', label: 'sRGB curve, as in picture files' },
    { value: 'linear', label: channels === 3 ? 'Linear light, in colour' : 'Linear light' },
    ...(channels === 3 ? [{ value: 'grey-linear', label: 'Linear luminance in every channel' }] : []),
  ];
  return (
    <Section title="Picture">
      <Text size="xs" c="dimmed">
        The graph takes {channels === 3 ? 'three channels' : 'one channel'},{' '}
        {sizePx === null ? 'square pictures of any size' : `${sizePx} × ${sizePx} px`}, in “{model.picture.tensor}”.
      </Text>
      <SimpleGrid cols={columns} spacing="sm" verticalSpacing="sm">
        {sizePx === null && (
          <MaybeNumber
            label="Size"
            withAsterisk
            suffix=" px"
            allowDecimal={false}
            max={4096}
            value={picture.sizePx}
            error={fault('picture.sizePx')}
            onChange={(value) => change({ sizePx: value })}
          />
        )}
        <MaybeNumber
          label="Field of view"
          description="Visual angle that the side of the picture spans."
          withAsterisk
          suffix="°"
          max={180}
          value={picture.fieldOfViewDeg}
          error={fault('picture.fieldOfViewDeg')}
          onChange={(value) => change({ fieldOfViewDeg: value })}
        />
        <NumberInput
          label="Background"
          description="Linear light around the stimuli; mid-grey is 0.5."
          hideControls
          clampBehavior="strict"
          min={0}
          max={1}
          step={0.05}
          value={picture.background}
          onChange={(value) => typeof value === 'number' && change({ background: value })}
        />
        <Select
          label="Encoding"
          description="How light becomes a number."
          withAsterisk
          placeholder="Choose"
          data={encodings}
          value={picture.encoding}
          error={fault('picture.encoding')}
          onChange={(value) => change({ encoding: value as Picture['encoding'] })}
        />
        <Select
          label="Values"
          description="Of black and white, and what is done to them."
          withAsterisk
          placeholder="Choose"
          data={values}
          value={own ? 'own' : preset}
          error={own ? undefined : fault('picture.range')}
          onChange={choose}
        />
      </SimpleGrid>
      {own && (
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
          <NumberList
            label="Black, white"
            values={picture.range}
            error={fault('picture.range')}
            onChange={(range) => change({ range: range?.length === 2 ? (range as [number, number]) : null })}
          />
          <NumberList
            label="Mean"
            values={picture.mean}
            error={fault('picture.mean')}
            onChange={(mean) => change({ mean })}
          />
          <NumberList
            label="Standard deviation"
            values={picture.std}
            error={fault('picture.std')}
            onChange={(std) => change({ std })}
          />
        </SimpleGrid>
      )}
    </Section>
  );
}

/** Numbers in one line; what is no list of numbers yet is not passed on. */
function NumberList({
  label,
  values,
  error,
  onChange,
}: {
  label: string;
  values: number[] | null;
  error: string | undefined;
  onChange: (values: number[] | null) => void;
}) {
  const [text, setText] = useState(numbersText(values));
  const read = numbersIn(text);
  return (
    <TextInput
      label={label}
      placeholder={label === 'Black, white' ? '0, 1' : 'none'}
      value={text}
      error={read === undefined ? 'numbers, separated by commas' : error}
      onChange={(event) => {
        setText(event.currentTarget.value);
        const next = numbersIn(event.currentTarget.value);
        if (next !== undefined) onChange(next);
      }}
    />
  );
}

const licences = ['MIT', 'Apache-2.0', 'BSD-3-Clause', 'CC-BY-4.0', 'CC-BY-NC-4.0', 'CC0-1.0', 'NONE', 'NOASSERTION'];

function OriginQuestions({ answers, fault, onChange }: QuestionsProps) {
  const licence = (key: 'weights' | 'code' | 'data', label: string, description: string) => (
    <Autocomplete
      size="xs"
      label={label}
      description={description}
      data={licences}
      withAsterisk={key === 'weights'}
      value={answers.licences[key] ?? ''}
      error={fault(`licences.${key}`)}
      onChange={(value) => onChange({ ...answers, licences: { ...answers.licences, [key]: value } })}
    />
  );
  const [citation, setCitation] = useState(answers.references.map(({ text }) => text).join('\n'));
  const [failures, setFailures] = useState(answers.knownFailures.join('\n'));
  const [authors, setAuthors] = useState(answers.authors.join('; '));
  return (
    <Section title="Licence and origin">
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        {licence('weights', 'Weights', 'SPDX; NOASSERTION where nothing is stated.')}
        {licence('code', 'Code', 'Of the training and the architecture.')}
        {licence('data', 'Data', 'Of what the weights were fitted to.')}
      </SimpleGrid>
      <Select
        label="Commercial use"
        maw="22rem"
        data={[
          { value: 'licences', label: `by the licences: ${commerceText({ licences: licencesOf(answers) })}` },
          { value: 'allowed', label: 'allowed' },
          { value: 'not allowed', label: 'not allowed' },
        ]}
        value={answers.commercialUse === null ? 'licences' : answers.commercialUse ? 'allowed' : 'not allowed'}
        onChange={(value) => onChange({ ...answers, commercialUse: value === 'licences' ? null : value === 'allowed' })}
      />
      <SimpleGrid cols={columns} spacing="sm" verticalSpacing="sm">
        <TextInput
          label="Authors"
          placeholder="Ada Example; Bo Example"
          value={authors}
          onChange={(event) => {
            setAuthors(event.currentTarget.value);
            onChange({ ...answers, authors: linesIn(event.currentTarget.value) });
          }}
        />
        <SimpleGrid cols={2} spacing="sm">
          <TextInput
            label="Source"
            placeholder="https://"
            value={answers.source.url ?? ''}
            onChange={(event) =>
              onChange({ ...answers, source: { ...answers.source, url: event.currentTarget.value } })
            }
          />
          <TextInput
            label="Revision"
            value={answers.source.revision ?? ''}
            onChange={(event) =>
              onChange({ ...answers, source: { ...answers.source, revision: event.currentTarget.value } })
            }
          />
        </SimpleGrid>
        <Textarea
          size="xs"
          autosize
          minRows={1}
          label="To be cited"
          description="One to a line."
          value={citation}
          onChange={(event) => {
            setCitation(event.currentTarget.value);
            onChange({ ...answers, references: linesIn(event.currentTarget.value).map((line) => ({ text: line })) });
          }}
        />
        <Textarea
          size="xs"
          autosize
          minRows={1}
          label="Known failures"
          description="One to a line."
          value={failures}
          onChange={(event) => {
            setFailures(event.currentTarget.value);
            onChange({ ...answers, knownFailures: linesIn(event.currentTarget.value) });
          }}
        />
      </SimpleGrid>
    </Section>
  );
}
