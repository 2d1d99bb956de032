/** Everything the file says about one node. */
import { Code, CopyButton, DataList, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import type { TwinGraph } from '../../../main/contract/twins.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { formatCount } from '../../components/format.ts';
import { Inspector, PaneTitle } from '../../components/Page.tsx';
import { valueText, type GraphRow } from './graphRows.ts';

/** A tensor's name; a click copies it. */
function TensorName({ name }: { name: string }) {
  return (
    <CopyButton value={name}>
      {({ copied, copy }) => (
        <UnstyledButton
          onClick={copy}
          title={`${name}, click to copy`}
          aria-label={`Copy ${name}`}
          style={{ maxWidth: '100%' }}
        >
          <Code fz="xs" style={{ overflowWrap: 'anywhere' }}>
            {copied ? 'copied' : name}
          </Code>
        </UnstyledButton>
      )}
    </CopyButton>
  );
}

function Value({ graph, name, detail }: { graph: TwinGraph; name: string; detail?: React.ReactNode }) {
  const constant = graph.values[name]?.constant === true;
  return (
    <div>
      <TensorName name={name} />
      <Text size="xs" c="dimmed">
        {valueText(graph, name)}
        {constant && ', constant'}
        {detail}
      </Text>
    </div>
  );
}

export function NodeInspector({
  graph,
  row,
  onSelect,
}: {
  graph: TwinGraph;
  row: GraphRow;
  onSelect: (node: number) => void;
}) {
  const node = graph.nodes[row.index];
  if (node === undefined) return null;
  const inputs = node.inputs.filter((name) => name !== '');
  const maker = (name: string): number => graph.nodes.findIndex(({ outputs }) => outputs.includes(name));
  const readers = graph.nodes.flatMap(({ inputs: read }, index) =>
    read.some((name) => name !== '' && node.outputs.includes(name)) ? [index] : [],
  );
  const link = (index: number) => (
    <UnstyledButton key={index} fz="xs" td="underline" onClick={() => onSelect(index)}>
      {formatCount(index + 1)} {graph.nodes[index]?.operator}
    </UnstyledButton>
  );
  return (
    <Inspector>
      <Stack gap="md" p="md" aria-label="Node">
        <div>
          <PaneTitle
            right={<Text size="xs">{`${formatCount(row.index + 1)} of ${formatCount(graph.nodes.length)}`}</Text>}
          >
            {row.operator}
          </PaneTitle>
          {row.name !== '' && row.name !== row.tensor && (
            <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
              {row.name}
            </Text>
          )}
        </div>
        {row.areas.map(({ area, colourOf, output, basis }) => (
          <div key={`${area} ${String(output)}`}>
            <AreaLabel area={area} colourOf={colourOf} label={output ? `${area}, output of the twin` : area} />
            {!output && (
              <Text size="xs">
                {basis === null || basis === '' ? 'What it was chosen on is not stated.' : `Chosen on ${basis}`}
              </Text>
            )}
          </div>
        ))}
        <div>
          <PaneTitle>Makes</PaneTitle>
          <Stack gap="xs">
            {node.outputs.filter(Boolean).map((name) => (
              <Value key={name} graph={graph} name={name} />
            ))}
            {readers.length > 0 && (
              <Group gap="xs" style={{ rowGap: 0 }}>
                <Text size="xs" c="dimmed">
                  read by
                </Text>
                {readers.slice(0, 8).map(link)}
                {readers.length > 8 && <Text size="xs">and {formatCount(readers.length - 8)} more</Text>}
              </Group>
            )}
          </Stack>
        </div>
        <div>
          <PaneTitle>Reads</PaneTitle>
          <Stack gap="xs">
            {inputs.length === 0 && <Text size="xs">nothing</Text>}
            {inputs.map((name, at) => {
              const made = maker(name);
              return (
                <Value key={`${name} ${at}`} graph={graph} name={name} detail={made >= 0 && <>, from {link(made)}</>} />
              );
            })}
          </Stack>
        </div>
        <DataList>
          {[
            { name: 'Parameters', value: formatCount(row.parameters) },
            ...node.attributes.map(({ name, value }) => ({ name, value })),
          ].map(({ name, value }) => (
            <DataList.Item key={name}>
              <DataList.ItemLabel>{name}</DataList.ItemLabel>
              <DataList.ItemValue style={{ overflowWrap: 'anywhere' }}>{value}</DataList.ItemValue>
            </DataList.Item>
          ))}
        </DataList>
      </Stack>
    </Inspector>
  );
}
