/** Facts of a twin as a list of labels and lines. */
import { DataList, Stack, Text } from '@mantine/core';
import { notStated, type Fact, type FactGroup } from '../../../main/twins/facts.ts';

export function FactLines({ lines }: { lines: readonly string[] }) {
  return (
    <Stack gap={2}>
      {lines.map((line) => (
        <Text
          key={line}
          size="xs"
          component="span"
          style={{ overflowWrap: 'anywhere' }}
          {...(line === notStated ? { c: 'dimmed' } : {})}
        >
          {line}
        </Text>
      ))}
    </Stack>
  );
}

export function FactList({ facts }: { facts: readonly Fact[] }) {
  return (
    <DataList labelWidth="9rem">
      {facts.map(({ label, lines }) => (
        <DataList.Item key={label}>
          <DataList.ItemLabel>{label}</DataList.ItemLabel>
          <DataList.ItemValue>
            <FactLines lines={lines} />
          </DataList.ItemValue>
        </DataList.Item>
      ))}
    </DataList>
  );
}

/** The facts of one group, without those that a tab shows in another way. */
export const factsOf = (
  groups: readonly FactGroup[],
  title: string,
  without: readonly string[] = [],
): readonly Fact[] =>
  groups.find((group) => group.title === title)?.facts.filter(({ label }) => !without.includes(label)) ?? [];
