/** What goes into the protocol, how often and in which order. */
import { ActionIcon, Checkbox, Group, SegmentedControl, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconX } from '@tabler/icons-react';
import type { ProtocolItem, ProtocolPlan } from '../../../main/contract/plans.ts';
import type { SearchSummary, SetSummary } from '../../../main/contract/results.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { formatNumber } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { NumberField } from '../search/NumberField.tsx';
import { itemKey, searchItem, setItem, withItem } from './items.ts';

/** Replaces the plan; `touched` names the field, so that typing a number is one step of undo. */
export type ChangePlan = (plan: ProtocolPlan, touched: string) => void;

function itemTitle(item: ProtocolItem, sets: readonly SetSummary[], searches: readonly SearchSummary[]) {
  if ('search' in item) {
    const search = searches.find((each) => each.id === item.search || each.name === item.search);
    return { title: search?.name ?? item.search, detail: search?.target ?? 'This search is not in the project.' };
  }
  const ref = item.stimuli;
  if ('set' in ref) {
    const set = sets.find((each) => each.id === ref.set || each.name === ref.set);
    return { title: set?.name ?? ref.set, detail: set?.description ?? 'This set is not in the project.' };
  }
  return { title: ref.name ?? 'Stimuli of the plan', detail: 'written out in the plan' };
}

function ItemRow({
  item,
  title,
  detail,
  onChange,
  onRemove,
  onUp,
  onDown,
}: {
  item: ProtocolItem;
  title: string;
  detail: string;
  onChange: (item: ProtocolItem) => void;
  onRemove: () => void;
  onUp: (() => void) | null;
  onDown: (() => void) | null;
}) {
  return (
    <Stack gap={2} role="listitem" aria-label={title} py={4} style={{ borderBottom: '1px solid var(--line)' }}>
      <Group gap={2} wrap="nowrap">
        <Text size="xs" fw={500} truncate="end" flex={1} title={title}>
          {title}
        </Text>
        {onUp && (
          <ActionIcon size="xs" aria-label={`Move ${title} up`} onClick={onUp}>
            <IconArrowUp size={12} />
          </ActionIcon>
        )}
        {onDown && (
          <ActionIcon size="xs" aria-label={`Move ${title} down`} onClick={onDown}>
            <IconArrowDown size={12} />
          </ActionIcon>
        )}
        <ActionIcon size="xs" aria-label={`Remove ${title}`} onClick={onRemove}>
          <IconX size={12} />
        </ActionIcon>
      </Group>
      <Text size="xs" c="dimmed" truncate="end" title={detail}>
        {detail}
      </Text>
      {'search' in item && (
        <Group gap="sm" wrap="nowrap" align="center">
          <Text size="xs">Candidates</Text>
          <NumberField
            aria-label={`Candidates of ${title}`}
            w="3.5rem"
            whole
            min={1}
            hideControls={false}
            value={item.candidates}
            onChange={(candidates) => onChange({ ...item, candidates })}
          />
          <Checkbox
            label="and controls"
            checked={item.controls}
            onChange={(event) => onChange({ ...item, controls: event.currentTarget.checked })}
          />
        </Group>
      )}
    </Stack>
  );
}

function move<T>(items: readonly T[], from: number, to: number): T[] {
  const copy = [...items];
  copy.splice(to, 0, ...copy.splice(from, 1));
  return copy;
}

export function ItemsPane({ plan, onChange }: { plan: ProtocolPlan; onChange: ChangePlan }) {
  const sets = useQueryCall('sets.list', {}).data ?? [];
  const searches = useQueryCall('searches.list', {}).data ?? [];
  const { items, timing, order, display } = plan;
  const setItems = (next: ProtocolItem[]) => onChange({ ...plan, items: next }, `items ${next.map(itemKey).join()}`);
  const setTiming = (part: Partial<ProtocolPlan['timing']>) =>
    onChange({ ...plan, timing: { ...timing, ...part } }, `timing ${Object.keys(part).join()}`);
  const milliseconds = (frames: number) => `${formatNumber((1000 * frames) / display.refreshHz, 4)} ms`;
  return (
    <Stack gap="md">
      <PaneTitle>What is shown</PaneTitle>
      <Stack gap={0} role="list" aria-label="What is shown">
        {items.map((item, index) => {
          const { title, detail } = itemTitle(item, sets, searches);
          return (
            <ItemRow
              key={itemKey(item)}
              item={item}
              title={title}
              detail={detail}
              onChange={(next) => setItems(items.map((other, at) => (at === index ? next : other)))}
              onRemove={() => setItems(items.filter((_, at) => at !== index))}
              onUp={index > 0 ? () => setItems(move(items, index, index - 1)) : null}
              onDown={index < items.length - 1 ? () => setItems(move(items, index, index + 1)) : null}
            />
          );
        })}
      </Stack>
      <SimpleGrid cols={2} spacing={4}>
        <Select
          aria-label="Add set"
          placeholder="Add set"
          data={sets.map((set) => ({ value: set.id, label: set.name }))}
          value={null}
          onChange={(id) => id !== null && onChange(withItem(plan, setItem(id)), `add ${id}`)}
        />
        <Select
          aria-label="Add search"
          placeholder="Add search"
          data={searches
            .filter((search) => search.state === 'complete')
            .map((search) => ({ value: search.id, label: search.name }))}
          value={null}
          onChange={(id) => id !== null && onChange(withItem(plan, searchItem(id)), `add ${id}`)}
        />
      </SimpleGrid>
      <PaneTitle>Order</PaneTitle>
      <SimpleGrid cols={3} spacing={4}>
        <NumberField
          label="Blocks"
          whole
          min={1}
          max={10_000}
          value={plan.blocks}
          onChange={(blocks) => onChange({ ...plan, blocks }, 'blocks')}
        />
        <NumberField
          label="Repeats"
          whole
          min={1}
          max={10_000}
          value={plan.repeats}
          onChange={(repeats) => onChange({ ...plan, repeats }, 'repeats')}
        />
        <NumberField
          label="Blanks"
          whole
          min={0}
          max={100_000}
          value={plan.blanksPerBlock}
          onChange={(blanksPerBlock) => onChange({ ...plan, blanksPerBlock }, 'blanks')}
        />
      </SimpleGrid>
      <Text size="xs" c="dimmed">
        Repeats of every stimulus and blank trials are counted per block.
      </Text>
      <Group gap={4} wrap="nowrap" align="flex-end">
        <SegmentedControl
          aria-label="Order of trials"
          flex={1}
          value={order.method}
          onChange={(method) =>
            onChange(
              { ...plan, order: { ...order, method: method === 'sequential' ? 'sequential' : 'shuffle' } },
              'order',
            )
          }
          data={[
            { value: 'shuffle', label: 'Shuffled' },
            { value: 'sequential', label: 'As listed' },
          ]}
        />
        <NumberField
          label="Seed"
          w="4.5rem"
          whole
          min={0}
          value={order.seed}
          disabled={order.method === 'sequential'}
          onChange={(seed) => onChange({ ...plan, order: { ...order, seed } }, 'seed')}
        />
      </Group>
      <Text size="xs" c="dimmed">
        {order.method === 'shuffle'
          ? 'Each block is one random order of all its trials; a stimulus may follow itself.'
          : 'Each block shows the list once per repeat, then its blanks.'}
      </Text>
      <PaneTitle>Timing</PaneTitle>
      <SimpleGrid cols={3} spacing={4}>
        <NumberField
          label="Stimulus"
          suffix=" fr"
          whole
          min={1}
          value={timing.stimulusFrames}
          description={milliseconds(timing.stimulusFrames)}
          inputWrapperOrder={['label', 'input', 'description']}
          onChange={(stimulusFrames) => setTiming({ stimulusFrames })}
        />
        <NumberField
          label="Blank"
          suffix=" fr"
          whole
          min={0}
          value={timing.blankFrames}
          description={milliseconds(timing.blankFrames)}
          inputWrapperOrder={['label', 'input', 'description']}
          onChange={(blankFrames) => setTiming({ blankFrames })}
        />
        <NumberField
          label="Lead-in"
          suffix=" fr"
          whole
          min={0}
          value={timing.preBlockFrames}
          description={milliseconds(timing.preBlockFrames)}
          inputWrapperOrder={['label', 'input', 'description']}
          onChange={(preBlockFrames) => setTiming({ preBlockFrames })}
        />
      </SimpleGrid>
    </Stack>
  );
}
