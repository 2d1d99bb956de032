/** What a twin takes and gives: stimulus, behaviour channels, state, and the responses of every area. */
import { Code, Stack, Table, Text } from '@mantine/core';
import type { BehaviourInput, TwinInput, TwinManifest } from '../../../main/contract/twins.ts';
import { axesText, outputText, stateText, stimulusText } from '../../../main/twins/facts.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { formatNumber } from '../../components/format.ts';

function inputText(input: TwinInput): string {
  switch (input.role) {
    case 'stimulus':
      return `stimulus: ${stimulusText(input)}`;
    case 'behaviour':
      return 'behaviour: what the animal does while it looks, below';
    case 'state':
      return stateText(input);
    case 'tokens':
      return 'words or word pieces, not run yet';
  }
}

const number = (value: number | undefined, units: string): string =>
  value === undefined ? 'not stated' : `${formatNumber(value)}${units === '' ? '' : ` ${units}`}`;

function Channels({ channels }: { channels: BehaviourInput['channels'] }) {
  return (
    <Table aria-label="Behaviour channels">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Behaviour channel</Table.Th>
          <Table.Th>Units</Table.Th>
          <Table.Th ta="right">Default</Table.Th>
          <Table.Th ta="right">Made for</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {channels.map(({ name, units, default: usual, range }) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td>{units === '' ? 'a pure number' : units}</Table.Td>
            <Table.Td ta="right">{number(usual, '')}</Table.Td>
            <Table.Td ta="right">
              {range === undefined ? 'not stated' : `${formatNumber(range[0])} to ${formatNumber(range[1])}`}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Port({ tensor, shape, children }: { tensor: string; shape: string; children: React.ReactNode }) {
  return (
    <Table.Tr>
      <Table.Td style={{ verticalAlign: 'top' }}>
        <Code fz="xs">{tensor}</Code>
      </Table.Td>
      <Table.Td>
        <Text size="xs">{children}</Text>
        <Text size="xs" c="dimmed">
          {shape}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

export function GraphPorts({ manifest }: { manifest: TwinManifest }) {
  const areas = new Map(manifest.areas.map((area) => [area.name, area]));
  const channels = manifest.inputs.flatMap((input) => (input.role === 'behaviour' ? input.channels : []));
  return (
    <Stack gap="xs">
      <Table aria-label="Inputs and outputs" withRowBorders={false}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="9rem">Takes</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {manifest.inputs.map((input) => (
            <Port key={input.tensor} tensor={input.tensor} shape={`${axesText(input.axes)}, ${input.dtype}`}>
              {inputText(input)}
            </Port>
          ))}
        </Table.Tbody>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Gives</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {manifest.outputs.map((output) => (
            <Port key={output.tensor} tensor={output.tensor} shape={axesText(output.axes)}>
              <AreaLabel area={output.area} colourOf={areas.get(output.area)?.colourOf} label={outputText(output)} />
            </Port>
          ))}
        </Table.Tbody>
      </Table>
      {channels.length > 0 && <Channels channels={channels} />}
    </Stack>
  );
}
