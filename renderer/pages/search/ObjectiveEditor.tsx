/** What the search makes large: its kind in one sentence, and what that kind needs. */
import { ActionIcon, Button, Group, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { SearchObjective, SearchPlan, SimpleObjective } from '../../../main/contract/plans.ts';
import type { SetSummary } from '../../../main/contract/results.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { objectiveNames, objectiveSentences, type ObjectiveType } from '../../../main/stimuli/objectiveWords.ts';
import { formatCount, plural } from '../../components/format.ts';
import { StimulusTile } from '../../components/StimulusTile.tsx';
import { useQueryCall } from '../../client/hooks.ts';
import { NumberField } from './NumberField.tsx';
import { TermListEditor, type OnMap } from './TargetEditor.tsx';
import { objectiveOfType, simpleObjectiveAt, termsAt, withSimpleObjectiveAt, withTermsAt } from './terms.ts';

interface Props {
  plan: SearchPlan;
  onChange: (plan: SearchPlan) => void;
  twin: TwinDetails;
  sets: readonly SetSummary[];
  onMap: OnMap;
}

const simpleTypes = ['drive', 'suppress', 'selective', 'match'] as const;
/** These need another twin in the plan. */
const severalTwins = ['controversial', 'ensemble'] as const;
const simpleTypesOf = (plan: SearchPlan): ObjectiveType[] =>
  plan.with === undefined || plan.with.length === 0 ? [...simpleTypes] : [...simpleTypes, ...severalTwins];

const named = (all: readonly ObjectiveType[]) => all.map((type) => ({ value: type, label: objectiveNames[type] }));

function Selective({
  objective,
  part,
  plan,
  onChange,
  twin,
  onMap,
}: Props & { objective: Extract<SimpleObjective, { type: 'selective' }>; part: number | null }) {
  const list = { list: 'against', part } as const;
  const against = termsAt(plan, list);
  const change = (next: SimpleObjective) => onChange(withSimpleObjectiveAt(plan, part, next));
  return (
    <>
      <Group gap="sm" align="flex-end" wrap="nowrap">
        <div style={{ flex: 1 }}>
          <Text size="xs" fw={500}>
            Competing
          </Text>
          <SegmentedControl
            fullWidth
            aria-label="What competes"
            value={objective.over}
            onChange={(over) => change({ ...objective, over: over === 'units' ? 'units' : 'areas' })}
            data={[
              { value: 'areas', label: 'Areas' },
              { value: 'units', label: 'Units' },
            ]}
          />
        </div>
        <NumberField
          label="Temperature"
          w="6rem"
          suffix=" z"
          min={0.01}
          step={0.1}
          value={objective.temperature}
          onChange={(temperature) => change({ ...objective, temperature })}
        />
      </Group>
      <Text size="xs" c="dimmed">
        {against.length > 0
          ? 'Against:'
          : objective.over === 'areas'
            ? 'Against every other area of the twin.'
            : 'Against every other unit of the targeted areas.'}
      </Text>
      <TermListEditor
        terms={against}
        twin={twin}
        include={{ fieldInside: false }}
        list={list}
        weighed="no"
        onMap={onMap}
        mayBeEmpty
        addLabel={against.length > 0 ? 'Add a rival' : 'Name the rivals'}
        onChange={(terms) => onChange(withTermsAt(plan, list, terms))}
      />
    </>
  );
}

function Match({
  objective,
  part,
  plan,
  onChange,
  sets,
}: Props & { objective: Extract<SimpleObjective, { type: 'match' }>; part: number | null }) {
  const { goal } = objective;
  const fromSet = 'from' in goal && 'set' in goal.from ? goal.from.set : null;
  const set = sets.find(({ id, name }) => id === fromSet || name === fromSet);
  const index = 'from' in goal ? goal.index : 0;
  const item = useQueryCall(
    'sets.items',
    { id: set?.id ?? '', offset: index, limit: 1 },
    { enabled: set !== undefined && index < set.count },
  );
  const change = (from: string, at: number) =>
    onChange(withSimpleObjectiveAt(plan, part, { type: 'match', goal: { from: { set: from }, index: at } }));
  const shown = item.data?.[0];
  return (
    <>
      {'z' in goal && (
        <Text size="xs" c="dimmed">
          The plan gives the responses of {plural(goal.z.length, 'unit')}. A set chosen here takes their place.
        </Text>
      )}
      {'from' in goal && fromSet === null && (
        <Text size="xs" c="dimmed">
          The stimulus is written out in the plan. A set chosen here takes its place.
        </Text>
      )}
      <Group gap={4} wrap="nowrap" align="flex-end">
        <Select
          label="Stimulus of"
          flex={1}
          placeholder="choose a set"
          data={sets.map(({ id, name }) => ({ value: id, label: name }))}
          value={set?.id ?? null}
          onChange={(next) => next !== null && change(next, 0)}
        />
        <NumberField
          label="Number"
          w="4.5rem"
          whole
          hideControls={false}
          min={1}
          max={set?.count ?? 1}
          disabled={set === undefined}
          value={index + 1}
          onChange={(number) => set !== undefined && change(set.id, number - 1)}
        />
      </Group>
      {shown !== undefined && set !== undefined && (
        <Group gap="sm" wrap="nowrap">
          <StimulusTile src={shown.thumbnail} label={shown.label} sizePx={72} caption={false} />
          <Text size="xs" c="dimmed">
            {shown.label}, {formatCount(index + 1)} of {formatCount(set.count)}
          </Text>
        </Group>
      )}
    </>
  );
}

/** What a simple objective needs; nothing for drive and suppress. */
function SimpleFields(props: Props & { part: number | null }) {
  const objective = simpleObjectiveAt(props.plan, props.part);
  if (objective?.type === 'selective') return <Selective {...props} objective={objective} />;
  if (objective?.type === 'match') return <Match {...props} objective={objective} />;
  return null;
}

function Sum(props: Props) {
  const { plan, onChange, sets } = props;
  const { objective } = plan;
  if (objective.type !== 'sum') return null;
  const change = (terms: typeof objective.terms) => onChange({ ...plan, objective: { ...objective, terms } });
  return (
    <>
      {objective.terms.map((term, part) => {
        const own = term.target !== undefined;
        const list = { list: 'target', part } as const;
        return (
          <Stack
            key={part}
            gap={4}
            role="group"
            aria-label={`Part ${part + 1}`}
            pl="sm"
            style={{ borderLeft: '2px solid var(--line)' }}
          >
            <Group gap={4} wrap="nowrap" align="flex-end">
              <NumberField
                label="Weight"
                w="4.25rem"
                step={0.5}
                hideControls={false}
                value={term.weight}
                onChange={(weight) =>
                  change(objective.terms.map((each, i) => (i === part ? { ...each, weight } : each)))
                }
              />
              <Select
                label={`Part ${part + 1}`}
                flex={1}
                data={named([...new Set([...simpleTypesOf(plan), term.objective.type])])}
                value={term.objective.type}
                onChange={(type) =>
                  type !== null &&
                  onChange(
                    withSimpleObjectiveAt(
                      plan,
                      part,
                      objectiveOfType(term.objective, type as ObjectiveType, sets[0]?.id ?? '') as SimpleObjective,
                    ),
                  )
                }
              />
              {objective.terms.length > 1 && (
                <ActionIcon
                  aria-label={`Remove part ${part + 1}`}
                  mb={2}
                  onClick={() => change(objective.terms.filter((_, i) => i !== part))}
                >
                  <IconX size={14} />
                </ActionIcon>
              )}
            </Group>
            <Text size="xs" c="dimmed">
              {objectiveSentences[term.objective.type]}
            </Text>
            <SimpleFields {...props} part={part} />
            {!own && (
              <Text size="xs" c="dimmed">
                Over the target of the plan.
              </Text>
            )}
            <TermListEditor
              terms={term.target ?? []}
              twin={props.twin}
              include={plan.include}
              list={list}
              weighed={weighedBy(term.objective.type)}
              onMap={props.onMap}
              mayBeEmpty
              addLabel={own ? 'Add a target' : 'Give it a target of its own'}
              onChange={(terms) => onChange(withTermsAt(plan, list, terms))}
            />
          </Stack>
        );
      })}
      <Group>
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconPlus size={12} />}
          onClick={() => change([...objective.terms, { weight: 1, objective: { type: 'drive' } }])}
        >
          Add a part
        </Button>
      </Group>
    </>
  );
}

/** Whether the weights of a target count for an objective, and whether their signs do. */
export const weighedBy = (type: SearchObjective['type']): 'size' | 'sign' =>
  type === 'selective' || type === 'match' ? 'size' : 'sign';

export function ObjectiveEditor(props: Props) {
  const { plan, onChange, sets } = props;
  const { type } = plan.objective;
  return (
    <Stack gap="xs" role="group" aria-label="Objective">
      <Select
        label="Objective"
        data={named([...new Set<ObjectiveType>([...simpleTypesOf(plan), type, 'sum'])])}
        value={type}
        onChange={(next) =>
          next !== null &&
          onChange({
            ...plan,
            objective: objectiveOfType(plan.objective, next as ObjectiveType, sets[0]?.id ?? ''),
          })
        }
      />
      <Text size="xs" c="dimmed">
        {objectiveSentences[type]}
      </Text>
      {type === 'sum' ? <Sum {...props} /> : <SimpleFields {...props} part={null} />}
    </Stack>
  );
}
