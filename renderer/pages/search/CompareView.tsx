/** Two searches side by side: what they found, and against which controls. */
import { Anchor, Group, Stack, Table, Text } from '@mantine/core';
import { Link } from 'wouter';
import { endsInPixels } from '../../../main/contract/plans.ts';
import type { SearchReport } from '../../../main/contract/results.ts';
import { boundedText } from '../../../main/stimuli/constraintWords.ts';
import { controlFamily } from '../../../main/stimuli/controlWords.ts';
import { outsideTested } from '../../../main/twins/domain.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { useTested } from '../../components/DomainMark.tsx';
import { formatCount, formatNumber, formatSeconds } from '../../components/format.ts';
import { PageHeader, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { Empty, QueryView } from '../../components/states.tsx';
import stage from '../../components/StimulusTile.module.css';
import { GoButton } from '../../components/GoButton.tsx';
import { CandidateTile } from './CandidateTile.tsx';
import { evaluationsText, methodText, targetText } from './claims.ts';

const tilePx = 104;

/** Rows of the comparison: a label and the two values. */
export function compareRows(a: SearchReport, b: SearchReport): { label: string; values: [string, string] }[] {
  const row = (label: string, value: (report: SearchReport) => string) => ({
    label,
    values: [value(a), value(b)] as [string, string],
  });
  const names = [...new Set([...a.controls, ...b.controls].map(controlFamily))];
  const areas = [
    ...new Set([...a.candidates, ...b.candidates].flatMap((candidate) => candidate.areas.map((area) => area.area))),
  ];
  return [
    row('Twin', ({ plan }) => `${plan.twin.id} ${plan.twin.version ?? ''}`.trim()),
    row('Target', ({ plan }) => targetText(plan)),
    row('Method', ({ plan }) => methodText(plan)),
    row('Mean luminance', ({ plan }) =>
      endsInPixels(plan) ? formatNumber(plan.constraints.meanLuminance) : 'that of each stimulus',
    ),
    row('RMS contrast', ({ plan }) =>
      !endsInPixels(plan)
        ? 'that of each stimulus'
        : plan.constraints.contrastRms === null
          ? 'not held'
          : boundedText(plan.constraints.contrastRms),
    ),
    row('Starts, seed', ({ plan }) => `${plan.starts}, ${plan.seed}`),
    row('Reference', (report) => report.referenceName),
    row('Drive of the best candidate', ({ candidates }) =>
      candidates[0] ? `${formatNumber(candidates[0].objective)} z` : 'missing',
    ),
    ...names.map((name) =>
      row(name, ({ controls }) => {
        const control = controls.find((candidate) => controlFamily(candidate) === name);
        return control === undefined
          ? 'not measured'
          : `${formatNumber(control.best)} z (n = ${formatCount(control.n)})`;
      }),
    ),
    ...areas.map((area) =>
      row(`Activity of ${area}`, ({ candidates }) => {
        const found = candidates[0]?.areas.find((candidate) => candidate.area === area);
        return found === undefined ? 'missing' : `${formatNumber(found.z)} z`;
      }),
    ),
    row('Evaluations', evaluationsText),
    row('Time', ({ seconds }) => formatSeconds(seconds)),
  ];
}

function Side({ report }: { report: SearchReport }) {
  const tested = useTested(report.provenance.twin.sha256);
  return (
    <Stack gap="sm" style={{ minWidth: 0 }}>
      <PaneTitle
        right={
          <Anchor component={Link} href={`/search/${report.id}`} size="xs">
            Open
          </Anchor>
        }
      >
        {report.name}
      </PaneTitle>
      <div className={stage.stage} style={{ padding: 10 }} role="group" aria-label={`Candidates of ${report.name}`}>
        <Group gap={8}>
          {report.candidates.map((candidate, index) => (
            <CandidateTile
              key={index}
              src={candidate.thumbnail}
              label={`${formatNumber(candidate.objective)} z`}
              sizePx={tilePx}
              outside={tested === undefined ? null : outsideTested(tested, candidate.spec)}
              aperture={report.plan.constraints.aperture}
            />
          ))}
        </Group>
      </div>
    </Stack>
  );
}

export function CompareView({ query }: { query: URLSearchParams }) {
  const a = query.get('a');
  const b = query.get('b');
  const first = useQueryCall('searches.get', { id: a ?? '' }, { enabled: a !== null });
  const second = useQueryCall('searches.get', { id: b ?? '' }, { enabled: b !== null });
  if (a === null || b === null) {
    return (
      <Empty title="Nothing to compare" action={<GoButton to="/search">Open searches</GoButton>}>
        Open a finished search and choose Compare.
      </Empty>
    );
  }
  return (
    <QueryView query={first}>
      {(left) => (
        <QueryView query={second}>
          {(right) => (
            <>
              <PageHeader title="Compare" detail={`${left.name} and ${right.name}`} />
              <Panes>
                <Pane label="Comparison">
                  <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 16 }}>
                    <Side report={left} />
                    <Side report={right} />
                  </div>
                  <Table aria-label="Comparison" layout="fixed">
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th w="12rem" />
                        <Table.Th>{left.name}</Table.Th>
                        <Table.Th>{right.name}</Table.Th>
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {compareRows(left, right).map(({ label, values }) => (
                        <Table.Tr key={label}>
                          <Table.Td>{label}</Table.Td>
                          <Table.Td fw={values[0] === values[1] ? 400 : 600}>{values[0]}</Table.Td>
                          <Table.Td fw={values[0] === values[1] ? 400 : 600}>{values[1]}</Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                  <Text size="xs" c="dimmed">
                    Differences are set in bold. Drives can be compared only where twin, target and reference are the
                    same.
                  </Text>
                </Pane>
              </Panes>
            </>
          )}
        </QueryView>
      )}
    </QueryView>
  );
}
