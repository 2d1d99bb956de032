/** The PLAN column: target, space, optimiser, constraints, starts and controls. */
import { Button, Checkbox, Group, SegmentedControl, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import type { Constraints, GratingSpace, SearchPlan, SearchSpace } from '../../../main/contract/plans.ts';
import type { SetSummary } from '../../../main/contract/results.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { BehaviourFields } from '../../components/BehaviourFields.tsx';
import { formatNumber } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { NumberField } from './NumberField.tsx';
import { apertureFor, withAperture, withFittedAperture, withSpace } from './plan.ts';
import { ReferenceEditor } from './ReferenceEditor.tsx';
import { TargetEditor } from './TargetEditor.tsx';

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

function SpaceEditor({ plan, onChange, sets }: EditorProps & { sets: readonly SetSummary[] }) {
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
      {space.type === 'pixels' && (
        <Select
          label="Start from"
          data={[
            { value: 'pink', label: 'pink noise (1/f)' },
            { value: 'white', label: 'white noise' },
          ]}
          value={space.start}
          onChange={(start) => onChange({ ...plan, space: { ...space, start: start === 'white' ? 'white' : 'pink' } })}
        />
      )}
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

function ConstraintEditor({ plan, onChange, twin }: EditorProps & { twin: TwinDetails }) {
  const { constraints, space } = plan;
  const { aperture, range } = constraints;
  const change = (part: Partial<Constraints>) => onChange({ ...plan, constraints: { ...constraints, ...part } });
  const fitted = apertureFor(plan.target, twin);
  const field = twin.summary.fieldOfViewDeg;
  if (space.type === 'set') {
    return (
      <Stack gap="sm">
        <PaneTitle>Constraints</PaneTitle>
        <Text size="xs" c="dimmed">
          A set is shown as it is. Controls get the mean and RMS contrast of the best stimulus.
        </Text>
      </Stack>
    );
  }
  const pixels = space.type === 'pixels';
  return (
    <Stack gap="sm">
      <PaneTitle>Constraints</PaneTitle>
      {space.type === 'gratings' && (
        <Text size="xs" c="dimmed">
          Gratings stand on the background, the mean luminance; their contrast is lowered where the range asks for it.
        </Text>
      )}
      <SimpleGrid cols={2} spacing={4}>
        <NumberField
          label="Mean luminance"
          min={0.01}
          max={0.99}
          step={0.05}
          value={constraints.meanLuminance}
          onChange={(meanLuminance) => change({ meanLuminance })}
        />
        {pixels && (
          <NumberField
            label="RMS contrast"
            min={0.001}
            max={1}
            step={0.05}
            value={typeof constraints.contrastRms === 'number' ? constraints.contrastRms : ''}
            onChange={(contrastRms) => change({ contrastRms })}
          />
        )}
        <NumberField
          label="Darkest"
          min={0}
          max={1}
          step={0.05}
          value={range[0]}
          onChange={(low) => change({ range: [low, range[1]] })}
        />
        <NumberField
          label="Brightest"
          min={0}
          max={1}
          step={0.05}
          value={range[1]}
          onChange={(high) => change({ range: [range[0], high] })}
        />
      </SimpleGrid>
      <Text size="xs" c="dimmed">
        Linear light, display white 1.{pixels && ' Met exactly by every candidate.'}
      </Text>
      {(pixels || aperture !== undefined) && (
        <Checkbox
          label="Aperture"
          checked={aperture !== undefined}
          onChange={(event) =>
            onChange(
              withAperture(
                plan,
                event.currentTarget.checked
                  ? (fitted ?? { xDeg: 0, yDeg: 0, diameterDeg: field / 2, edgeDeg: 0.25 })
                  : undefined,
              ),
            )
          }
        />
      )}
      {aperture !== undefined && (
        // Four beside each other would cut off the degrees of a narrow column.
        <SimpleGrid type="container" cols={{ base: 2, '19rem': 4 }} spacing={4} verticalSpacing={4}>
          <NumberField
            label="x"
            suffix="°"
            min={-field / 2}
            max={field / 2}
            value={aperture.xDeg}
            onChange={(xDeg) => change({ aperture: { ...aperture, xDeg } })}
          />
          <NumberField
            label="y"
            suffix="°"
            min={-field / 2}
            max={field / 2}
            value={aperture.yDeg}
            onChange={(yDeg) => change({ aperture: { ...aperture, yDeg } })}
          />
          <NumberField
            label="Diameter"
            suffix="°"
            min={0.05}
            max={field}
            value={aperture.diameterDeg}
            onChange={(diameterDeg) => change({ aperture: { ...aperture, diameterDeg } })}
          />
          <NumberField
            label="Edge"
            suffix="°"
            min={0}
            max={field}
            value={aperture.edgeDeg}
            onChange={(edgeDeg) => change({ aperture: { ...aperture, edgeDeg } })}
          />
        </SimpleGrid>
      )}
      {fitted !== undefined && aperture !== undefined && JSON.stringify(fitted) !== JSON.stringify(aperture) && (
        <Group>
          <Button variant="default" size="compact-xs" onClick={() => onChange(withAperture(plan, fitted))}>
            Fit to the receptive field
          </Button>
          <Text size="xs" c="dimmed">
            {formatNumber(fitted.diameterDeg)}° covers ±3 sd
          </Text>
        </Group>
      )}
    </Stack>
  );
}

function ControlEditor({ plan, onChange, sets }: EditorProps & { sets: readonly SetSummary[] }) {
  const { controls } = plan;
  const chosen = controls.bestOf !== undefined && 'set' in controls.bestOf ? controls.bestOf.set : null;
  return (
    <Stack gap="sm">
      <PaneTitle>Starts and controls</PaneTitle>
      <SimpleGrid cols={3} spacing={4} style={{ alignItems: 'end' }}>
        <NumberField
          label="Starts"
          whole
          min={1}
          max={256}
          value={plan.starts}
          onChange={(starts) => onChange({ ...plan, starts })}
        />
        <NumberField label="Seed" whole min={0} value={plan.seed} onChange={(seed) => onChange({ ...plan, seed })} />
        <NumberField
          label="Random images"
          whole
          min={0}
          max={100_000}
          value={controls.random}
          onChange={(random) => onChange({ ...plan, controls: { ...controls, random } })}
        />
      </SimpleGrid>
      <Select
        label="Best image of"
        clearable
        allowDeselect
        placeholder="no set"
        data={sets.map((set) => ({ value: set.id, label: set.name }))}
        value={sets.find((set) => set.id === chosen || set.name === chosen)?.id ?? null}
        onChange={(set) => {
          const { bestOf: _before, ...rest } = controls;
          onChange({ ...plan, controls: set === null ? rest : { ...rest, bestOf: { set } } });
        }}
      />
      <Text size="xs" c="dimmed">
        Random images have the mean, RMS contrast and aperture of the candidate, and so do images of a set.
        {plan.space.type === 'gratings' && ' Random gratings are as many as the evaluations of the search.'}
      </Text>
    </Stack>
  );
}

export function PlanEditor({
  plan,
  onChange,
  twin,
  sets,
}: EditorProps & { twin: TwinDetails; sets: readonly SetSummary[] }) {
  return (
    <Stack gap="lg">
      <TargetEditor
        target={plan.target}
        twin={twin}
        onChange={(target) => {
          // An aperture that fitted the old target follows to the new one; one set by hand stays.
          const before = JSON.stringify(apertureFor(plan.target, twin));
          const follows = plan.space.type === 'pixels' && JSON.stringify(plan.constraints.aperture) === before;
          const next = { ...plan, target };
          onChange(follows ? withAperture(next, apertureFor(target, twin)) : next);
        }}
      />
      <SpaceEditor
        plan={plan}
        onChange={(next) => onChange(plan.space.type !== 'pixels' ? withFittedAperture(next, twin) : next)}
        sets={sets}
      />
      <ConstraintEditor plan={plan} onChange={onChange} twin={twin} />
      <BehaviourFields
        inputs={twin.manifest.inputs}
        values={plan.behaviour}
        onChange={(behaviour) => {
          const { behaviour: _before, ...rest } = plan;
          onChange(behaviour === undefined ? rest : { ...rest, behaviour });
        }}
      />
      <ReferenceEditor plan={plan} onChange={onChange} sets={sets} />
      <ControlEditor plan={plan} onChange={onChange} sets={sets} />
    </Stack>
  );
}
