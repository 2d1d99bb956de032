/** Limits on the units of the target, each only where the twin's table of units states what it is about. */
import { Checkbox, Group, Stack, Text } from '@mantine/core';
import type { Inclusion, SearchPlan } from '../../../main/contract/plans.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { placeOf } from '../../../main/twins/unitPlaces.ts';
import { NumberField } from './NumberField.tsx';

const limits = [
  { key: 'minNoiseCeiling', stated: 'noiseCeiling', label: 'Noise ceiling at least' },
  { key: 'minPredictionScore', stated: 'predictionScore', label: 'Prediction score at least' },
] as const;

export function InclusionEditor({
  plan,
  onChange,
  twin,
}: {
  plan: SearchPlan;
  onChange: (plan: SearchPlan) => void;
  twin: TwinDetails;
}) {
  const { include } = plan;
  const places = twin.units.map(placeOf);
  const offered = limits.filter(
    ({ key, stated }) => include[key] !== undefined || places.some((place) => place[stated] !== null),
  );
  const sized = places.some(({ xDeg, sizeDeg }) => xDeg !== null && sizeDeg !== null);
  if (offered.length === 0 && !sized && !include.fieldInside) return null;
  const change = (key: keyof Inclusion, value: number | undefined) => {
    const { [key]: _before, ...rest } = include;
    onChange({ ...plan, include: (value === undefined ? rest : { ...rest, [key]: value }) as Inclusion });
  };
  return (
    <Stack gap={4}>
      {offered.map(({ key, label }) => (
        <Group key={key} gap="xs" wrap="nowrap" justify="space-between">
          <Checkbox
            label={label}
            checked={include[key] !== undefined}
            onChange={(event) => change(key, event.currentTarget.checked ? 0.3 : undefined)}
          />
          {include[key] !== undefined && (
            <NumberField
              aria-label={label}
              w="4.25rem"
              min={key === 'minNoiseCeiling' ? 0 : -1}
              max={1}
              step={0.05}
              value={include[key]}
              onChange={(value) => change(key, value)}
            />
          )}
        </Group>
      ))}
      {(sized || include.fieldInside) && (
        <Checkbox
          label="Receptive field inside the field of view"
          checked={include.fieldInside}
          onChange={(event) => onChange({ ...plan, include: { ...include, fieldInside: event.currentTarget.checked } })}
        />
      )}
      {offered.length === 0 && (
        <Text size="xs" c="dimmed">
          This twin states neither noise ceilings nor prediction scores of its units.
        </Text>
      )}
    </Stack>
  );
}
