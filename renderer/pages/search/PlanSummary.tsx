/** The PLAN column of a search that has been started: what was asked, and how well the constraints hold. */
import { DataList, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { endsInPixels, type SearchPlan } from '../../../main/contract/plans.ts';
import type { Provenance, Residuals } from '../../../main/contract/results.ts';
import { constraintRows, holdsContrast, unconstrainedText } from '../../../main/stimuli/constraintWords.ts';
import { inclusionText, objectiveText } from '../../../main/stimuli/objectiveWords.ts';
import { behaviourText } from '../../../main/stimuli/provenanceWords.ts';
import { formatNumber } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { methodText, nameOfGoals, startText } from './claims.ts';
import { ForkedFrom } from './ForkedFrom.tsx';
import { ResidualGauge, told } from './ResidualGauge.tsx';

/** What was asked for and how far the stimulus is from it, as found and, where that is known, as an 8-bit picture. */
export function ConstraintTable({
  plan,
  residuals,
  residuals8Bit = null,
}: {
  plan: SearchPlan;
  residuals: Residuals | null;
  residuals8Bit?: Residuals | null | undefined;
}) {
  return (
    <Table aria-label="Constraints and residuals">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Constraint</Table.Th>
          <Table.Th ta="right">Asked</Table.Th>
          <Table.Th
            ta="right"
            title="Relative to what was asked; of range and background: luminance. The bar goes from 10⁻¹² to 10⁻³ on a log axis, its line is the tolerance, 10⁻⁶."
          >
            Residual
          </Table.Th>
          {residuals8Bit !== null && (
            <Table.Th ta="right" title="Of the same picture after 8-bit sRGB encoding">
              8-bit
            </Table.Th>
          )}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {constraintRows(plan.constraints).map(({ key, label, asked }) => (
          <Table.Tr key={key}>
            <Table.Td>{label}</Table.Td>
            <Table.Td ta="right">{asked}</Table.Td>
            <Table.Td ta="right">
              {told(residuals?.[key])}
              <ResidualGauge residual={residuals?.[key]} />
            </Table.Td>
            {residuals8Bit !== null && <Table.Td ta="right">{told(residuals8Bit[key])}</Table.Td>}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

export function PlanSummary({
  plan,
  residuals,
  provenance,
}: {
  plan: SearchPlan;
  residuals: Residuals | null;
  provenance?: Pick<Provenance, 'sets'>;
}) {
  const nameOf = nameOfGoals(plan, provenance);
  const limits = inclusionText(plan.include);
  const start = startText(plan, provenance);
  const { aperture } = plan.constraints;
  const pixels = endsInPixels(plan);
  const held = holdsContrast(plan);
  const behaviour = behaviourText(plan.behaviour);
  const { forkedFrom } = plan;
  const rows: [string, ReactNode][] = [
    ['Twin', `${plan.twin.id} ${plan.twin.version ?? ''}`],
    ['Objective', objectiveText(plan, nameOf)],
    ...(limits === '' ? [] : ([['Limits', limits]] as [string, string][])),
    ['Method', methodText(plan)],
    ['Starts', `${plan.starts}, seed ${plan.seed}`],
    ...(start === null ? [] : ([['Started from', start]] as [string, string][])),
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
      {held && <ConstraintTable plan={plan} residuals={residuals} />}
      <Text size="xs" c="dimmed">
        {!held
          ? unconstrainedText(plan)
          : 'Residuals of the best candidate, in float64, relative to what was asked; of range and background in luminance. Bars: log axis from 10⁻¹² to 10⁻³; the line is the tolerance, 10⁻⁶.'}
      </Text>
    </Stack>
  );
}
