/** The set that responses are z-scored over: which, whether it was measured here, and measuring it ahead. */
import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { type SearchPlan, usesGradient } from '../../../main/contract/plans.ts';
import type { ReferenceState, SetSummary } from '../../../main/contract/results.ts';
import { useCheckingCall } from '../../client/checks.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { formatDay, formatEstimate, plural } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';

export function ReferenceEditor({
  plan,
  onChange,
  sets,
}: {
  plan: SearchPlan;
  onChange: (plan: SearchPlan) => void;
  sets: readonly SetSummary[];
}) {
  const { reference } = plan;
  const chosen = reference !== undefined && 'set' in reference ? reference.set : null;
  // A set that is written out in the plan is not in the project.
  const written = reference !== undefined && chosen === null;
  return (
    <Stack gap="sm">
      <PaneTitle>Reference</PaneTitle>
      <Select
        label="Reference set"
        clearable
        allowDeselect
        placeholder={written ? 'the set of the plan' : 'built-in'}
        data={sets.map((set) => ({ value: set.id, label: set.name }))}
        value={sets.find((set) => set.id === chosen || set.name === chosen)?.id ?? null}
        onChange={(set) => {
          const { reference: _before, ...rest } = plan;
          onChange(set === null ? rest : { ...rest, reference: { set } });
        }}
      />
      {!written && <Measured plan={plan} set={chosen} />}
    </Stack>
  );
}

function Measured({ plan, set }: { plan: SearchPlan; set: string | null }) {
  const { twin, device, batchSize, threads, behaviour, optimiser } = plan;
  const request = {
    id: twin.id,
    device,
    by: usesGradient(optimiser) ? ('gradients' as const) : ('responses' as const),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(threads === undefined ? {} : { threads }),
    ...(behaviour === undefined ? {} : { behaviour }),
    ...(set === null ? {} : { set }),
  };
  const state = useQueryCall('references.get', request);
  const measure = useCheckingCall('references.measure');
  if (state.error !== null) {
    return (
      <Text size="xs" c="dimmed">
        {state.error.message}
      </Text>
    );
  }
  if (state.data === undefined) return null;
  return (
    <>
      <Text size="xs" c="dimmed">
        {referenceSentence(state.data)}
      </Text>
      {state.data.notice !== null && <Text size="xs">{state.data.notice}</Text>}
      {measure.isPending ? (
        <Group gap="xs">
          <Button variant="default" size="compact-xs" onClick={measure.stop}>
            Stop
          </Button>
          <Text size="xs" c="dimmed" role="status">
            {measure.progress}
          </Text>
        </Group>
      ) : (
        state.data.measured === null && (
          <Group gap="xs">
            <Button variant="default" size="compact-xs" onClick={() => measure.mutate(request)}>
              Measure now
            </Button>
          </Group>
        )
      )}
      {measure.error !== null && (
        <Text size="xs" role="alert">
          {measure.error.message}
        </Text>
      )}
    </>
  );
}

/** `TSR-1, half A (512 images): measured 30 Nov on this computer (CPU).` */
export function referenceSentence(
  { name, stimuli, deviceLabel, measured, secondsToMeasure }: ReferenceState,
  now: Date = new Date(),
): string {
  if (measured !== null) return `${name}: measured ${formatDay(measured.at, now)} on this computer (${deviceLabel}).`;
  const time = secondsToMeasure === null ? '' : `, ${formatEstimate(secondsToMeasure)}`;
  return (
    `${name}: not measured on this computer (${deviceLabel}) yet. The next search shows its ` +
    `${plural(stimuli, 'stimulus', 'stimuli')} first${time}; those after it need not.`
  );
}
