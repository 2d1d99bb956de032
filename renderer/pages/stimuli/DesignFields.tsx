/** The fields of the design editor that are no factors. */
import { Checkbox, Group, NumberInput, Select, Text } from '@mantine/core';
import type { DesignForm } from './designForm.ts';

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

/** What a design has besides its factors. */
export function OtherFields({ form, change }: FieldsProps) {
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
      {form.type === 'random-dots' && <DotFields form={form} change={change} />}
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

function DotFields({ form, change }: FieldsProps) {
  const dots = (part: Partial<DesignForm['dots']>) => change({ dots: { ...form.dots, ...part } });
  return (
    <>
      <NumberField
        label="Samples of each"
        value={form.dots.n}
        min={1}
        max={10_000}
        onChange={(n) => dots({ n: Math.round(n) })}
      />
      <NumberField
        label="Density"
        suffix=" per deg²"
        value={form.dots.dotsPerDeg2}
        min={0.01}
        max={1000}
        onChange={(dotsPerDeg2) => dots({ dotsPerDeg2 })}
      />
      <NumberField
        label="Lifetime"
        suffix=" s"
        value={form.dots.lifetimeS}
        min={0.001}
        onChange={(lifetimeS) => dots({ lifetimeS })}
      />
      <NumberField label="Seed" value={form.dots.seed} min={0} onChange={(seed) => dots({ seed: Math.round(seed) })} />
    </>
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

const referenceSets = {
  tsr1: {
    items: 'Images',
    counts: ['1,024', '512'],
    text: 'The reference set: gratings, Gabors, plaids, polar gratings, noise, dead leaves, textures and their phase scrambles, shapes and shaded scenes, the same everywhere.',
  },
  tsr1v: {
    items: 'Clips',
    counts: ['256', '128'],
    text: 'The reference set for twins that see clips: drifting gratings and plaids, random dots, translating images of TSR-1 and 1/f movies, the same everywhere.',
  },
} as const;

/** A reference set has nothing to choose but its half. */
export function ReferenceFields({ form, type, change }: FieldsProps & { type: keyof typeof referenceSets }) {
  const { items, counts, text } = referenceSets[type];
  return (
    <>
      <Group gap="md" align="flex-end">
        <Select
          label={items}
          w="13rem"
          allowDeselect={false}
          data={[
            { value: 'all', label: `all ${counts[0]}` },
            { value: 'A', label: `half A (${counts[1]})` },
            { value: 'B', label: `half B (${counts[1]})` },
          ]}
          value={form.half}
          onChange={(half) => change({ half: half as DesignForm['half'] })}
        />
        <BlankField form={form} change={change} />
      </Group>
      <Text size="xs" c="dimmed">
        {text} Half A is for z-scores, half B for the best of the reference.
      </Text>
    </>
  );
}
