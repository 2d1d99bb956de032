/** What a search over pixels starts from and searches, and the optimisers of published procedures. */
import { Group, SegmentedControl, Select, SimpleGrid, Text } from '@mantine/core';
import type { FirstOrderOptimiser, PixelSpace, SearchPlan, SetRef } from '../../../main/contract/plans.ts';
import type { SetSummary } from '../../../main/contract/results.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { NumberField } from './NumberField.tsx';

/** A set by its name in the project; anything written out in the plan by the name it carries. */
function nameOf(ref: SetRef, sets: readonly SetSummary[]): string {
  if ('set' in ref) return sets.find(({ id, name }) => id === ref.set || name === ref.set)?.name ?? ref.set;
  return ref.name ?? 'the stimulus of the plan';
}

/** Either noise or a stimulus. */
export function withStart(
  space: PixelSpace,
  start: PixelSpace['start'] | NonNullable<PixelSpace['startFrom']>,
): PixelSpace {
  const { startFrom: _before, ...rest } = space;
  return typeof start === 'string' ? { ...rest, start } : { ...rest, startFrom: start };
}

export function PixelFields({
  plan,
  space,
  onChange,
  sets,
  twin,
}: {
  plan: SearchPlan;
  space: PixelSpace;
  onChange: (plan: SearchPlan) => void;
  sets: readonly SetSummary[];
  twin: TwinDetails;
}) {
  const change = (next: PixelSpace) => onChange({ ...plan, space: next });
  const { startFrom } = space;
  const fromSet = startFrom !== undefined && 'set' in startFrom.from;
  const chosen = fromSet
    ? sets.find(({ id, name }) => 'set' in startFrom.from && (id === startFrom.from.set || name === startFrom.from.set))
    : undefined;
  const moves = twin.manifest.inputs.some(
    (input) => input.role === 'stimulus' && input.axes.some(({ name }) => name === 'time'),
  );
  return (
    <>
      <Select
        label="Start from"
        data={[
          { value: 'pink', label: 'pink noise (1/f)' },
          { value: 'white', label: 'white noise' },
          ...(startFrom !== undefined && !fromSet ? [{ value: 'plan', label: nameOf(startFrom.from, sets) }] : []),
          ...(sets.length > 0 || fromSet ? [{ value: 'set', label: 'a stimulus of a set' }] : []),
        ]}
        value={startFrom === undefined ? space.start : fromSet ? 'set' : 'plan'}
        onChange={(value) => {
          if (value === 'pink' || value === 'white') change(withStart(space, value));
          else if (value === 'set' && !fromSet && sets[0] !== undefined) {
            change(withStart(space, { from: { set: sets[0].id }, index: 0 }));
          }
        }}
      />
      {startFrom !== undefined && (
        <>
          {fromSet && (
            <Group gap={4} wrap="nowrap" align="flex-end">
              <Select
                label="Set to start from"
                flex={1}
                data={sets.map(({ id, name }) => ({ value: id, label: name }))}
                value={chosen?.id ?? null}
                onChange={(set) => set !== null && change(withStart(space, { from: { set }, index: 0 }))}
              />
              <NumberField
                label="Number"
                w="4.5rem"
                whole
                hideControls={false}
                min={1}
                max={chosen?.count ?? 1}
                value={startFrom.index + 1}
                onChange={(number) => change(withStart(space, { ...startFrom, index: number - 1 }))}
              />
            </Group>
          )}
          <Group gap="xs" wrap="nowrap" justify="space-between">
            <Text size="xs" c="dimmed">
              Brought to the constraints. Noise added for all starts but the first, as a share of the contrast:
            </Text>
            <NumberField
              aria-label="Noise of the other starts"
              w="4rem"
              min={0}
              max={10}
              step={0.05}
              value={space.startNoise}
              onChange={(startNoise) => change({ ...space, startNoise })}
            />
          </Group>
        </>
      )}
      {moves && (
        <SegmentedControl
          fullWidth
          aria-label="Motion"
          value={space.motion}
          onChange={(motion) => change({ ...space, motion: motion === 'moving' ? 'moving' : 'still' })}
          data={[
            { value: 'still', label: 'Still picture' },
            { value: 'moving', label: 'Clip' },
          ]}
        />
      )}
      {space.parameterisation.type !== 'pixels' && (
        <Text size="xs" c="dimmed">
          {space.parameterisation.type === 'fourier'
            ? `Searched as Fourier coefficients, amplitudes scaled by 1/f^${space.parameterisation.exponent}.`
            : 'Searched as a coarse grid of samples.'}
        </Text>
      )}
    </>
  );
}

const rules = {
  sgd: 'gradient descent (SGD)',
  adam: 'Adam',
  adamw: 'AdamW',
  normalised: 'normalised gradient',
} as const;
const holds = {
  'every-step': 'after every step',
  'at-end': 'at the end',
  range: 'range and aperture only',
} as const;

const ends = (value: number | [number, number]): [number, number] =>
  typeof value === 'number' ? [value, value] : value;
const asSchedule = (first: number, last: number): number | [number, number] => (first === last ? first : [first, last]);

export function FirstOrderFields({
  optimiser,
  onChange,
}: {
  optimiser: FirstOrderOptimiser;
  onChange: (optimiser: FirstOrderOptimiser) => void;
}) {
  const [first, last] = ends(optimiser.rate);
  return (
    <>
      <Select
        label="Rule"
        data={Object.entries(rules).map(([value, label]) => ({ value, label }))}
        value={optimiser.rule}
        onChange={(rule) => rule !== null && onChange({ ...optimiser, rule: rule as FirstOrderOptimiser['rule'] })}
      />
      <SimpleGrid cols={3} spacing={4}>
        <NumberField
          label="Steps"
          whole
          min={1}
          max={100_000}
          value={optimiser.steps}
          onChange={(steps) => onChange({ ...optimiser, steps })}
        />
        <NumberField
          label="First rate"
          min={1e-9}
          value={first}
          onChange={(rate) => onChange({ ...optimiser, rate: asSchedule(rate, last) })}
        />
        <NumberField
          label="Last rate"
          min={1e-9}
          value={last}
          onChange={(rate) => onChange({ ...optimiser, rate: asSchedule(first, rate) })}
        />
      </SimpleGrid>
      <Select
        label="Constraints hold"
        data={Object.entries(holds).map(([value, label]) => ({ value, label }))}
        value={optimiser.hold}
        onChange={(hold) => hold !== null && onChange({ ...optimiser, hold: hold as FirstOrderOptimiser['hold'] })}
      />
    </>
  );
}
