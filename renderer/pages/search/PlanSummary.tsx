/** The PLAN column of a search that has been started: what was asked, and how well the constraints hold. */
import { DataList, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { startRole, type SearchPlan } from '../../../main/contract/plans.ts';
import type { Provenance } from '../../../main/contract/results.ts';
import { inclusionText, nameOfSet, objectiveText } from '../../../main/stimuli/objectiveWords.ts';
import { behaviourText } from '../../components/BehaviourFields.tsx';
import { formatNumber } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { methodText, nameOfGoals } from './claims.ts';
import { ForkedFrom } from './ForkedFrom.tsx';

export interface ConstraintResiduals {
  readonly meanLuminance: number;
  readonly contrastRms: number;
  readonly range: number;
}

const relative = (value: number | undefined) =>
  value === undefined ? '–' : value === 0 ? '0' : value.toExponential(1);

/** Every candidate is held to its constraints to within this. */
const tolerance = 1e-6;
const gauge = { low: 1e-12, high: 1e-3 };
/** Where a residual stands on a log axis, from 0 to 1; nothing stands at its beginning. */
export const gaugeShare = (residual: number): number =>
  Math.min(1, Math.max(0, Math.log(Math.max(residual, gauge.low) / gauge.low) / Math.log(gauge.high / gauge.low)));

/** A residual against the tolerance that it must stay below. */
function ResidualGauge({ residual }: { residual: number | undefined }) {
  if (residual === undefined) return null;
  const held = residual <= tolerance;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  return (
    <div
      role="meter"
      aria-label="Residual"
      aria-valuemin={0}
      aria-valuemax={tolerance}
      aria-valuenow={residual}
      aria-valuetext={`${relative(residual)}, ${held ? 'within' : 'beyond'} the tolerance of 1e-6`}
      style={{ position: 'relative', height: 6, marginTop: 3, background: 'var(--line)', borderRadius: 2 }}
    >
      <div
        style={{
          position: 'absolute',
          inset: 0,
          width: percent(gaugeShare(residual)),
          background: held ? 'var(--mantine-primary-color-filled)' : 'var(--mantine-color-red-filled)',
          borderRadius: 2,
        }}
      />
      <div
        style={{
          position: 'absolute',
          top: -2,
          bottom: -2,
          left: percent(gaugeShare(tolerance)),
          width: 1,
          background: 'currentColor',
        }}
      />
    </div>
  );
}

/** What was asked for and how far the stimulus is from it. */
export function ConstraintTable({ plan, residuals }: { plan: SearchPlan; residuals: ConstraintResiduals | null }) {
  const { meanLuminance, contrastRms, range } = plan.constraints;
  const rows = [
    ['Mean luminance', formatNumber(meanLuminance), residuals?.meanLuminance],
    ['RMS contrast', formatNumber(contrastRms), residuals?.contrastRms],
    ['Range', `${formatNumber(range[0])} to ${formatNumber(range[1])}`, residuals?.range],
  ] as const;
  return (
    <Table aria-label="Constraints and residuals">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Constraint</Table.Th>
          <Table.Th ta="right">Asked</Table.Th>
          <Table.Th
            ta="right"
            title="Mean luminance and RMS contrast: relative to what was asked; range: absolute. The bar goes from 10⁻¹² to 10⁻³ on a log axis, its line is the tolerance, 10⁻⁶."
          >
            Residual
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(([label, asked, residual]) => (
          <Table.Tr key={label}>
            <Table.Td>{label}</Table.Td>
            <Table.Td ta="right">{asked}</Table.Td>
            <Table.Td ta="right">
              {relative(residual)}
              <ResidualGauge residual={residual} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** What holds for candidates that nothing brings to a mean and a contrast. */
export function unconstrainedText({ space, constraints }: SearchPlan): string {
  const controls = 'Controls have the mean and RMS contrast that the best one has.';
  return space.type === 'gratings'
    ? `Gratings on the background, within the range ${formatNumber(constraints.range[0])} to ` +
        `${formatNumber(constraints.range[1])}; mean and RMS contrast are their own. ${controls}`
    : space.type === 'pixels'
      ? `Within the range ${formatNumber(constraints.range[0])} to ${formatNumber(constraints.range[1])} and the aperture; ` +
        `mean and RMS contrast are their own. ${controls}`
      : `Stimuli of the set, shown as they are. ${controls}`;
}

/** The stimulus that a search over pixels starts from; noise is the usual start and not named. */
function startRow({ space }: SearchPlan, provenance?: Pick<Provenance, 'sets'>): [string, string][] {
  if (space.type !== 'pixels' || space.startFrom === undefined) return [];
  const { from, index } = space.startFrom;
  const set = provenance?.sets[startRole]?.name ?? nameOfSet(from);
  return [['Started from', 'set' in from ? `stimulus ${index + 1} of ${set}` : set]];
}

export function PlanSummary({
  plan,
  residuals,
  provenance,
}: {
  plan: SearchPlan;
  residuals: ConstraintResiduals | null;
  provenance?: Pick<Provenance, 'sets'>;
}) {
  const nameOf = nameOfGoals(plan, provenance);
  const limits = inclusionText(plan.include);
  const { aperture } = plan.constraints;
  const pixels = plan.space.type === 'pixels';
  const behaviour = behaviourText(plan.behaviour);
  const { forkedFrom } = plan;
  const rows: [string, ReactNode][] = [
    ['Twin', `${plan.twin.id} ${plan.twin.version ?? ''}`],
    ['Objective', objectiveText(plan, nameOf)],
    ...(limits === '' ? [] : ([['Limits', limits]] as [string, string][])),
    ['Method', methodText(plan)],
    ['Starts', `${plan.starts}, seed ${plan.seed}`],
    ...startRow(plan, provenance),
    [
      'Aperture',
      !pixels
        ? 'that of each stimulus'
        : aperture === undefined
          ? 'the whole field'
          : `${formatNumber(aperture.diameterDeg)}° at (${formatNumber(aperture.xDeg)}°, ${formatNumber(aperture.yDeg)}°), edge ${formatNumber(aperture.edgeDeg)}°`,
    ],
    ['Random controls', String(plan.controls.random)],
    ...(behaviour === undefined ? [] : ([['Behaviour', behaviour]] as [string, string][])),
    ['Device', plan.device],
    ...(forkedFrom === undefined
      ? []
      : ([['Forked from', <ForkedFrom key="fork" from={forkedFrom} />]] as [string, ReactNode][])),
  ];
  return (
    <Stack gap="md">
      <PaneTitle>Plan</PaneTitle>
      <DataList labelWidth="6.25rem">
        {rows.map(([label, value]) => (
          <DataList.Item key={label}>
            <DataList.ItemLabel>{label}</DataList.ItemLabel>
            <DataList.ItemValue>{value}</DataList.ItemValue>
          </DataList.Item>
        ))}
      </DataList>
      {pixels && <ConstraintTable plan={plan} residuals={residuals} />}
      <Text size="xs" c="dimmed">
        {!pixels
          ? unconstrainedText(plan)
          : 'Residuals of the best candidate, in float64: mean and RMS relative, range absolute. Bars: log axis from 10⁻¹² to 10⁻³; the line is the tolerance, 10⁻⁶.'}
      </Text>
    </Stack>
  );
}
