/** Where a search moves and how: pixels with what they start from, gratings, a set; and the optimiser of each. */
import { Group, SegmentedControl, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import type { GratingSpace, SearchPlan, SearchSpace } from '../../../main/contract/plans.ts';
import type { SetSummary } from '../../../main/contract/results.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { NumberField } from './NumberField.tsx';
import { FirstOrderFields, PixelFields } from './PixelFields.tsx';
import { withSpace } from './plan.ts';

interface EditorProps {
  plan: SearchPlan;
  onChange: (plan: SearchPlan) => void;
}

const gratingBounds = [
  ['orientationDeg', 'Orientation', '°'],
  ['spatialFrequencyCpd', 'Spatial frequency', ' cpd'],
  ['phaseDeg', 'Phase', '°'],
  ['diameterDeg', 'Diameter', '°'],
  ['xDeg', 'Centre x', '°'],
  ['yDeg', 'Centre y', '°'],
] as const;

function GratingBounds({ space, onChange }: { space: GratingSpace; onChange: (space: GratingSpace) => void }) {
  return (
    <Stack gap={4}>
      {gratingBounds.map(([key, label, unit]) => {
        const [low, high] = space[key];
        return (
          <Group key={key} gap={4} wrap="nowrap">
            <Text size="xs" flex={1}>
              {label}
            </Text>
            <NumberField
              w="5rem"
              aria-label={`Lowest ${label.toLowerCase()}`}
              suffix={unit}
              value={low}
              onChange={(value) => onChange({ ...space, [key]: [value, high] })}
            />
            <NumberField
              w="5rem"
              aria-label={`Highest ${label.toLowerCase()}`}
              suffix={unit}
              value={high}
              onChange={(value) => onChange({ ...space, [key]: [low, value] })}
            />
          </Group>
        );
      })}
      <Group gap={4} wrap="nowrap">
        <Text size="xs" flex={1}>
          Contrast
        </Text>
        <NumberField
          w="5rem"
          aria-label="Contrast"
          min={0}
          max={1}
          value={space.contrast}
          onChange={(contrast) => onChange({ ...space, contrast })}
        />
      </Group>
    </Stack>
  );
}

export function SpaceEditor({
  plan,
  onChange,
  sets,
  twin,
}: EditorProps & { sets: readonly SetSummary[]; twin: TwinDetails }) {
  const { space, optimiser } = plan;
  const setName = space.type === 'set' && 'set' in space.stimuli ? space.stimuli.set : null;
  return (
    <Stack gap="sm">
      <PaneTitle>Space</PaneTitle>
      <SegmentedControl
        fullWidth
        aria-label="Space"
        value={space.type}
        onChange={(type) =>
          onChange(withSpace(plan, type as SearchSpace['type'], sets[0] ? { set: sets[0].id } : null))
        }
        data={[
          { value: 'pixels', label: 'Pixels' },
          { value: 'gratings', label: 'Gratings' },
          { value: 'set', label: 'Set' },
        ]}
      />
      {space.type === 'pixels' && <PixelFields plan={plan} space={space} onChange={onChange} sets={sets} twin={twin} />}
      {space.type === 'gratings' && (
        <GratingBounds space={space} onChange={(next) => onChange({ ...plan, space: next })} />
      )}
      {space.type === 'set' && (
        <Select
          label="Set to screen"
          placeholder="choose a set"
          data={sets.map((set) => ({ value: set.id, label: set.name }))}
          value={sets.find((set) => set.id === setName || set.name === setName)?.id ?? null}
          onChange={(set) => set !== null && onChange({ ...plan, space: { ...space, stimuli: { set } } })}
        />
      )}
      {optimiser.type === 'gradient' && (
        <SimpleGrid cols={3} spacing={4}>
          <NumberField
            label="Steps"
            whole
            min={1}
            max={100_000}
            value={optimiser.steps}
            onChange={(steps) => onChange({ ...plan, optimiser: { ...optimiser, steps } })}
          />
          <NumberField
            label="First step"
            min={0.0001}
            step={0.1}
            value={optimiser.stepSize[0]}
            onChange={(first) =>
              onChange({ ...plan, optimiser: { ...optimiser, stepSize: [first, optimiser.stepSize[1]] } })
            }
          />
          <NumberField
            label="Last step"
            min={0.0001}
            step={0.01}
            value={optimiser.stepSize[1]}
            onChange={(last) =>
              onChange({ ...plan, optimiser: { ...optimiser, stepSize: [optimiser.stepSize[0], last] } })
            }
          />
        </SimpleGrid>
      )}
      {optimiser.type === 'first-order' && (
        <FirstOrderFields optimiser={optimiser} onChange={(next) => onChange({ ...plan, optimiser: next })} />
      )}
      {optimiser.type === 'cma-es' && (
        <SimpleGrid cols={2} spacing={4}>
          <NumberField
            label="Evaluations"
            whole
            min={1}
            thousandSeparator=","
            value={optimiser.evaluations}
            onChange={(evaluations) => onChange({ ...plan, optimiser: { ...optimiser, evaluations } })}
          />
          <NumberField
            label="Initial step"
            min={0.01}
            max={1}
            value={optimiser.sigma}
            onChange={(sigma) => onChange({ ...plan, optimiser: { ...optimiser, sigma } })}
          />
        </SimpleGrid>
      )}
      {optimiser.type === 'screening' && (
        <NumberField
          label="Keep the best"
          whole
          min={1}
          value={optimiser.keep}
          onChange={(keep) => onChange({ ...plan, optimiser: { ...optimiser, keep } })}
        />
      )}
    </Stack>
  );
}
