/** What the animal does while it looks, for twins that are told. */
import { NumberInput, SimpleGrid, Stack, Text } from '@mantine/core';
import type { BehaviourInput, TwinInput } from '../../main/contract/twins.ts';
import { PaneTitle } from './Page.tsx';

type Channel = BehaviourInput['channels'][number];
/** Values of channels by name; those left out have their default. */
export type BehaviourValues = Readonly<Record<string, number>>;

export const behaviourChannels = (inputs: readonly TwinInput[]): Channel[] =>
  inputs.flatMap((input) => (input.role === 'behaviour' ? input.channels : []));

/** The values with one channel changed; undefined where all have their default, as plans leave them out. */
export function withBehaviour(
  values: BehaviourValues | undefined,
  { name, default: usual }: Channel,
  value: number,
): Record<string, number> | undefined {
  const { [name]: _before, ...others } = values ?? {};
  const next = value === usual ? others : { ...others, [name]: value };
  return Object.keys(next).length === 0 ? undefined : next;
}

function outside({ range }: Channel, value: number): string | undefined {
  if (range === undefined || (value >= range[0] && value <= range[1])) return undefined;
  return `The twin is made for ${range[0]} to ${range[1]}.`;
}

/** Nothing for twins without behaviour. */
export function BehaviourFields({
  inputs,
  values,
  onChange,
}: {
  inputs: readonly TwinInput[];
  values: BehaviourValues | undefined;
  onChange: (values: Record<string, number> | undefined) => void;
}) {
  const channels = behaviourChannels(inputs);
  if (channels.length === 0) return null;
  return (
    <Stack gap="sm">
      <PaneTitle>Behaviour</PaneTitle>
      <SimpleGrid cols={2} spacing="xs" verticalSpacing="xs">
        {channels.map((channel) => {
          const value = values?.[channel.name] ?? channel.default;
          return (
            <NumberInput
              key={channel.name}
              label={channel.name}
              hideControls
              {...(channel.units === '' ? {} : { suffix: ` ${channel.units}` })}
              value={value}
              error={outside(channel, value)}
              onChange={(next) =>
                typeof next === 'number' && Number.isFinite(next) && onChange(withBehaviour(values, channel, next))
              }
            />
          );
        })}
      </SimpleGrid>
      <Text size="xs" c="dimmed">
        The same during every stimulus. Each begins in the state that the background leaves under this behaviour.
      </Text>
    </Stack>
  );
}
